"""Words, times and sums as the papers of a complaint print them. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incidents.models import Channel, Complaint, Via
from propdesk.core.clock_text import list_time, local

LIMIT = 5000
"""Characters of one text field, as everywhere else."""
STOPS = "。；，、.;, "
CLOSING = "”’」』"

ARRIVED = {
    Channel.IN_PERSON: gettext_lazy("当面反映"),
    Channel.PHONE: gettext_lazy("来电反映"),
    Channel.WECHAT: gettext_lazy("通过微信反映"),
    Channel.APP: gettext_lazy("通过应用反映"),
    Channel.LETTER: gettext_lazy("来信反映"),
    Channel.VIA_STAFF: gettext_lazy("经员工转告反映"),
}
TOLD = {
    Via.IN_PERSON: gettext_lazy("当面告知客户"),
    Via.PHONE: gettext_lazy("电话告知客户"),
    Via.WECHAT: gettext_lazy("微信告知客户"),
    Via.APP: gettext_lazy("应用内告知客户"),
    Via.NOT_POSSIBLE: gettext_lazy("匿名投诉，无法告知客户"),
}


def told(via: str) -> str:
    """How the guest was told, as a clause; "告知客户" when nobody noted the way."""
    return str(TOLD[Via(via)]) if via else _("告知客户")


def full(at: datetime | None) -> str:
    """ "2026-11-20 21:42", for fields; "" for no time."""
    return list_time(at) if at else ""


def short(at: datetime | None, year: int) -> str:
    """ "11-20 21:42" for tables; with the year when it is not the paper's."""
    if at is None:
        return ""
    here = local(at)
    return f"{here:%m-%d %H:%M}" if here.year == year else list_time(at)


def prose(at: datetime) -> str:
    """ "11月20日 21:42", for sentences."""
    here = local(at)
    return f"{here.month}月{here.day}日 {here:%H:%M}"


def clause(text: str) -> str:
    """What somebody typed as part of a sentence: one line, without its own full stop.

    Neither behind nor inside a closing quotation mark: the sentence has a stop of its own.
    """
    bare = " ".join(text.split()).rstrip(STOPS)
    said = bare.rstrip(CLOSING)
    return said.rstrip(STOPS) + bare[len(said) :]


def sentence(text: str) -> str:
    """A clause with its full stop; "" stays ""."""
    bare = clause(text)
    return bare if not bare or bare.rstrip(CLOSING)[-1:] in tuple("！？!?…") else f"{bare}。"


def quoted(text: str) -> str:
    """A person's own words in quotation marks, not twice when they were typed with them."""
    bare = clause(text)
    return bare if bare.startswith("“") and bare.endswith("”") else f"“{bare}”"


def yuan(amount: Decimal) -> str:
    """Return "12,999.00"."""
    return f"{amount:,.2f}"


def bounded(text: str, limit: int = LIMIT) -> str:
    """At most ``limit`` characters; what is cut is said to be cut."""
    mark = _("……（以下略）")
    return text if len(text) <= limit else text[: limit - len(mark)] + mark


def people(names: Sequence[str], most: int = 3) -> str:
    """Return "周敏、张岚", or "周敏、张岚、李工等 9 人" for many."""
    listed = "、".join(names[:most])
    if len(names) <= most:
        return listed
    return _("%(names)s等 %(count)d 人") % {"names": listed, "count": len(names)}


def satisfaction_labels(complaint: Complaint) -> tuple[str, ...]:
    """The choices of the satisfaction row; 不适用 is for anonymous complaints only."""
    kinds: Iterable[Complaint.Satisfaction] = Complaint.Satisfaction
    left_out = set() if complaint.is_anonymous else {Complaint.Satisfaction.NOT_POSSIBLE}
    return tuple(str(kind.label) for kind in kinds if kind not in left_out)
