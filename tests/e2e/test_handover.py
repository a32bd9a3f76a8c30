"""A shift handed over in the browser, line by line, on one device; at a desk and on a phone."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from incidents.models import Complaint
from propdesk.core.clock_text import local
from propdesk.desk.handover import workflow
from propdesk.desk.handover.models import Handover
from tests.desk.handover.shifts import Night
from tests.e2e import handover_road as road
from tests.e2e.conftest import Desk
from tests.e2e.event_road import words
from tests.e2e.found_road import at, printed
from tests.e2e.hands import Hand
from tests.factories import DepartmentFactory

pytestmark = pytest.mark.e2e
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
WHY = "备用钥匙没有交到手"
FAULT = "3层堆放纸箱"


@pytest.mark.parametrize("width", [1280, 390])
def test_shift_is_handed_over_line_by_line_on_one_device(desk: Desk, width: int) -> None:
    desk.allow(422)
    night = Night()
    taken, left = night.new(), night.new()
    workflow.list_count(night.prop, "对讲机", "部", Decimal(8), by=night.pm)
    DepartmentFactory(property=night.prop, name="管家部")
    dm = at(desk, night.dm, width=width, touch=width < 700)

    dm.go(f"/p/{night.prop.code}/handover/")
    dm.follow("开始交班")
    dm.press("列出未结事项")
    _write(dm, taken.case.number, left.case.number)
    road.sign(dm)
    dm.follow("逐条接班")
    _take(dm, night, taken, left)

    row = Handover.objects.select_related("case").get()
    assert (row.status, row.incoming, row.case.is_open) == (row.Status.SIGNED, night.next, True)
    _manager_settles(at(desk, night.pm), row, left)
    paper = words(printed(dm, row.get_absolute_url() + "paper/"))
    wanted = [row.case.number, WHY, FAULT, "一部送修", "换风扇后回访", night.next.name]
    assert [word for word in wanted if word not in paper] == []


def _write(dm: Hand, *numbers: str) -> None:
    """The next step of every line, what was counted, and one fault on the patrol."""
    assert dm.page.evaluate(FITS)
    road.tell(dm, *numbers)
    road.count(dm, "对讲机", 7, "一部送修")
    road.count(dm, "门上封条", 0)
    road.in_order(dm, "大厅", "后台", "设备", "外围")
    fault = road.area(dm, "消防通道")
    fault.get_by_text("异常", exact=True).click()
    fault.locator("summary").click()
    fault.get_by_label("异常情况").fill(FAULT)
    fault.get_by_label("跟进部门").select_option(label="管家部")
    due = local(timezone.now() + timedelta(hours=10))
    fault.get_by_label("期限").fill(f"{due:%Y-%m-%dT%H:%M}")


def _take(dm: Hand, night: Night, taken: Complaint, left: Complaint) -> None:
    """On the screen of the outgoing one; a wrong password loses no answer."""
    assert dm.page.evaluate(FITS)
    road.line(dm, left.case.number).get_by_text("不接", exact=True).click()
    road.line(dm, left.case.number).get_by_label("不接的原因").fill(WHY)
    dm.press(re.compile("接下这一组全部"))
    dm.says("没有选的都选了“接下”")
    dm.field("接班人").select_option(value=str(night.next.pk))
    dm.fill("接班人的登录密码", "wrong")
    dm.press("签名接班")
    expect(dm.main).to_contain_text("密码不对")
    expect(road.line(dm, left.case.number).get_by_label("不接的原因")).to_have_value(WHY)
    expect(road.line(dm, taken.case.number).get_by_role("radio", name="接下")).to_be_checked()
    assert Handover.objects.get().status == Handover.Status.OFFERED
    road.come(dm, night.next)


def _manager_settles(pm: Hand, row: Handover, left: Complaint) -> None:
    """What nobody took over is a task of 物业经理."""
    pm.go(f"/p/{row.property.code}/")
    pm.follow(row.case.number)
    expect(road.line(pm, left.case.number)).to_contain_text(WHY)
    pm.follow("处理未接事项")
    pm.fill("处理结果", "钥匙已当面交给李静")
    pm.press("处理未接事项")
    pm.says("已办理")
    row.case.refresh_from_db()
    assert not row.case.is_open
