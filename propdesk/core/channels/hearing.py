"""Whether somebody has confirmed what a notice says: a group need not be asked any more."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.db.models import Q

from propdesk.core.models import Delivery, Notice


def confirmed(notices: Sequence[Notice]) -> Mapping[tuple[int, str], set[int]]:
    """Keys of the people who confirmed it in their inbox, by house and key; one statement.

    Of what belongs to no case, those told at the same moment are looked at: for them there is an index.
    """
    cases = {notice.case_id for notice in notices if notice.case_id is not None}
    moments = {notice.created_at for notice in notices if notice.case_id is None}
    rows = Notice.objects.filter(
        Q(case__in=cases) | Q(case=None, created_at__in=moments),
        property__in={notice.property_id for notice in notices},
        key__in={notice.key for notice in notices},
        deliveries__channel=Delivery.Channel.INBOX,
        deliveries__state=Delivery.State.ACKNOWLEDGED,
    )
    found: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
    for prop, key, recipient in rows.values_list("property", "key", "recipient"):
        found[prop, key].add(recipient)
    return found
