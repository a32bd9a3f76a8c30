"""Photos of an event: private, for its readers only."""

from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from emergencies import forms, workflow
from emergencies.queries import detail as queries
from emergencies.views import frame
from emergencies.workflow.base import permit
from propdesk.core import drafts, serving
from propdesk.core.http import StaffRequest, staff_view


@staff_view
@require_GET
def photo(request: StaffRequest, number: str, photo: int, size: str) -> FileResponse:
    """A photo; our own re-encoding, so always JPEG."""
    one = frame.load(request, number)
    return serving.photo(queries.photo(one.event, photo), size)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def remove_photo(request: StaffRequest, number: str, photo: int) -> HttpResponse:
    """撤下照片 with a reason."""
    one = frame.load(request, number)
    permit(one.event, "remove_attachment", request.user)
    row = queries.photo(one.event, photo)
    if row is None:
        raise Http404
    if request.method != "POST":
        refused = frame.blocked(
            request,
            one,
            _("撤下照片"),
            "remove_attachment",
            lambda: workflow.check_removable(one.event, row),
        )
        if refused is not None:
            return refused
    form = forms.RemovePhotoForm(request.POST or None, event=one.event, user=request.user)
    status = 200
    if request.method == "POST":
        try:
            status = frame.try_once(
                request,
                one,
                f"photo-{photo}",
                form,
                lambda: workflow.remove_attachment(
                    one.event, row, by=request.user, reason=form.cleaned_data["reason"]
                ),
            )
        except drafts.DoubleSubmitError:
            return frame.again(request, one)
        if status == 200:
            return frame.changed(request, one, _("照片已撤下。"))
    return frame.form_page(
        request, one, _("撤下照片"), form, status=status, photo=row, name="remove-photo"
    )
