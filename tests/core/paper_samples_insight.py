"""The figures of a month of the same invented house."""

from propdesk.core.papers_insight import Bar, BarGroup, InsightPaper

HOUSE = "云栖里服务式公寓物业管理处"


def report() -> InsightPaper:
    """A question with bars, one without any, one whose figures are not drawn."""
    return InsightPaper(
        organisation=HOUSE,
        number="TJ-20261101-20261130",
        form_code="PD-TJ-01",
        version="V1.0",
        record_url="https://desk.example.com/p/yunxi/insight/?first=2026-11-01&last=2026-11-30",
        state="list",
        frozen_at="2026年12月01日 09时10分",
        secrecy="内部",
        span="2026-11-01 至 2026-11-30",
        asked_by="欧阳𬀩晴",
        groups=(
            BarGroup(
                "承诺兑现率 94%",
                (
                    Bar("按时兑现", "47", "100"),
                    Bar("按时通报后延期", "2", "4"),
                    Bar("未兑现", "1", "2"),
                ),
                "到期的承诺：50",
                "按承诺的完成时间计。",
            ),
            BarGroup("反复投诉的房间 0 间", (), "房间：0"),
            BarGroup(
                "6 条通知还没有确认",
                (Bar("已确认", "310", "0"), Bar("未确认", "6", "0")),
                "发出的通知：316",
            ),
        ),
    )
