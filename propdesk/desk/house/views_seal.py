"""封存章: the certificate that readers may trust, and the change of the key behind it (ADR 0028)."""

from functools import partial

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from propdesk.core import seals
from propdesk.core.http import StaffRequest, attempt, done, staff_view
from propdesk.desk.house.forms import RotateForm
from propdesk.desk.house.frame import allow, allowed, form_page, link, show


@staff_view
@require_GET
def seal(request: StaffRequest) -> HttpResponse:
    """The certificates of the house: the one in force to take along, the old ones by date."""
    allow(request, "read_seal")
    issuer = seals.authority(request.prop)
    context = {
        "rows": seals.history(request.prop),
        "issuer": issuer,
        "fingerprint": seals.fingerprint(issuer) if issuer else "",
        "may_rotate": issuer and allowed(request, "rotate_seal"),
    }
    return show(request, "seal", "seal", context)


@staff_view
@require_GET
def seal_certificate(request: StaffRequest) -> HttpResponse:
    """The certificate of the authority as a file, which holds nothing secret; 404 before there is one."""
    allow(request, "read_seal")
    issuer = seals.authority(request.prop)
    if issuer is None:
        raise Http404
    response = HttpResponse(seals.pem(issuer), content_type="application/x-pem-file")
    name = f"PropDesk-{request.prop.code}.cer"
    response["Content-Disposition"] = str(
        content_disposition_header(as_attachment=True, filename=name)
    )
    response["Cache-Control"] = "private, no-store"
    return response


@staff_view
def seal_rotate(request: StaffRequest) -> HttpResponse:
    """换封存章, with a reason; what is sealed stays as it is."""
    allow(request, "rotate_seal")
    back = link(request, "seal")
    form = RotateForm(request.POST or None, back_url=back)
    status = 200
    if form.is_valid():
        act = partial(seals.rotate, request.prop, by=request.user, **form.cleaned_data)
        status = attempt(form, act)
        if status == 200:
            return done(request, back, _("封存章已换，以前封存的文书照样能核验。"))
    lead = _("以后封存的文书用新的密钥。以前的文书不变，旧证书留着核验它们。")
    return form_page(request, "seal", _("换封存章"), form, status=status, lead=lead)
