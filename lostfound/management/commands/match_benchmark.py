"""`manage.py match_benchmark`: how well lost reports find their items, against three baselines."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from lostfound.matching import benchmark
from lostfound.matching.baselines import BASELINES
from lostfound.matching.benchmark import Figure, Half, Result


class Command(BaseCommand):
    """Print recall@1, recall@5, MRR and the share of false suggestions; exit 1 when goals are missed.

    Recall counts what the page of a report lists, five at most. The strong ones of them, which alone
    make notices and badges, have a line of their own: its false suggestions are what cries wolf.
    Wilson intervals for shares, bootstrap with a fixed seed for MRR and the lead, all at 95 %. The test half is refused when its hash differs
    from the one committed before the rules were tuned.
    """

    help = _("在标注数据上检验遗失登记与拾获物品的匹配效果；默认使用封存的测试数据。")

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --half."""
        parser.add_argument(
            "--half",
            choices=["test", "dev", "dev2", "dev3"],
            default="test",
            help=_("test（封存），dev、dev2 或 dev3（调试）"),
        )

    def handle(self, *, half: str, **_options: Any) -> None:
        """Measure one half and print the table."""
        name = f"{half}.jsonl"
        if half == "test":
            try:
                benchmark.check_seal(name, benchmark.FOLDER)
            except (benchmark.SealError, OSError) as error:
                raise CommandError(_("测试数据与封存时的 SHA-256 不符，拒绝检验。")) from error
        rows = benchmark.read_half(benchmark.FOLDER / name)
        ours, strong = (benchmark.measure(rows, ranked) for ranked in benchmark.ours(rows))
        others = {key: benchmark.measure(rows, rank(rows)) for key, rank in BASELINES.items()}
        self._print(name, rows, {"propdesk": ours, "strong": strong}, others)
        missed = benchmark.goals_missed(ours, others.values())
        if missed:
            raise CommandError(_("未达到目标：%(goals)s") % {"goals": ", ".join(missed)})
        self.stdout.write(_("目标均已达到：recall@5 ≥ 0.95，领先最佳基线 ≥ 0.10。"))

    def _print(
        self, name: str, rows: Half, ours: dict[str, Result], others: dict[str, Result]
    ) -> None:
        alone = sum(true is None for true in rows.truth.values())
        self.stdout.write(
            _("%(name)s：拾获 %(found)s，遗失 %(lost)s，其中无对应物品 %(alone)s（%(share).0f%%）")
            % {
                "name": name,
                "found": len(rows.found),
                "lost": len(rows.lost),
                "alone": alone,
                "share": 100 * alone / max(1, len(rows.lost)),
            }
        )
        self.stdout.write(
            f"{'':12}{'recall@1':22}{'recall@5':22}{'MRR':22}{'false suggestions':22}".rstrip()
        )
        for label, result in {**ours, **others}.items():
            cells = (result.recall1, result.recall5, result.mrr, result.false)
            self.stdout.write(f"{label:12}{''.join(f'{shown(c):22}' for c in cells)}".rstrip())
        best = max(others, key=lambda key: others[key].recall5.value)
        self.stdout.write(
            _("recall@5 领先最佳基线（%(best)s）：%(lead)s")
            % {"best": best, "lead": shown(benchmark.lead(ours["propdesk"], others[best]))}
        )


def shown(figure: Figure) -> str:
    """Return "0.981 [0.937, 0.995]"."""
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
