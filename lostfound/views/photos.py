"""Photos of a found thing: private, and only for whom its details are open."""

from django.http import FileResponse, Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lostfound import forms, workflow
from lostfound.queries import item as queries
from lostfound.views.log import load
from propdesk.core import serving
from propdesk.core.http import StaffRequest, attempt, done, page, staff_view


@staff_view
@require_GET
def photo(request: StaffRequest, number: str, photo: int, size: str) -> FileResponse:
    """A photo; our own re-encoding, so always JPEG. 404 for whom details are closed."""
    one = load(request, number)
    row = queries.photo(one.item, photo) if one.may_details else None
    return serving.photo(row, size)


@staff_view
@require_http_methods(["GET", "HEAD", "POST"])
def remove_photo(request: StaffRequest, number: str, photo: int) -> HttpResponse:
    """撤下照片 with a reason."""
    one = load(request, number)
    workflow.permit(one.item, "remove_attachment", request.user)
    row = queries.photo(one.item, photo)
    if row is None:
        raise Http404
    form = forms.RemovePhotoForm(request.POST or None, item=one.item, user=request.user)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            status = attempt(
                form, lambda: workflow.remove_attachment(row, by=request.user, reason=reason)
            )
        if status == 200:
            return done(request, one.item.get_absolute_url(), _("照片已撤下。"))
    context = {"one": one, "row": one.item, "photo": row, "form": form}
    return page(request, "lostfound/remove_photo.html", context, status=status)
