"""核验文书: what a code or a file stands for. Open to everybody, so it says nothing personal."""

import functools
import io
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from propdesk.core import verifying
from propdesk.core.http import page
from propdesk.core.throttling import too_often
from propdesk.core.verifying import Verdict
from propdesk.desk.forms import LARGEST_PAPER, CodeForm, PaperForm

PER_MINUTE = 30
FORM_BYTES = 100_000
"""What the rest of the form may take beside the file."""
View = Callable[..., HttpResponse]


class HeldInMemory(FileUploadHandler):
    """Keeps a file in memory and never on disk; what is larger than a paper is dropped as it comes."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept, self.seen = io.BytesIO(), 0

    def receive_data_chunk(self, raw_data: bytes, _start: int) -> None:
        self.seen += len(raw_data)
        if self.seen <= LARGEST_PAPER:
            self.kept.write(raw_data)

    def file_complete(self, _file_size: int) -> "UploadedFile[Any]":
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name or "", None, self.seen, None
        )


def limited(view: View) -> View:
    """429 for an address that asks too often: each answer reads a file and some forty rows."""

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if too_often("verify", get_adapter().get_client_ip(request), PER_MINUTE):
            return page(request, "desk/verify_wait.html", {}, status=429)
        return view(request, *args, **kwargs)

    return inner


@csrf_exempt  # only until the handler is set: ``_start`` is protected
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited
def start(request: HttpRequest) -> HttpResponse:
    """Type the code of a paper, or show its file; nothing that is sent is kept."""
    if request.method == "POST":
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_PAPER + FORM_BYTES:
            form = PaperForm({})
            form.errors["file"] = form.error_class([_("文件太大了：文书不会超过 16 MB。")])
            return _answer(request, [], paper=form, status=413)
        request.upload_handlers = [HeldInMemory(request)]
    return _start(request)


@csrf_protect
def _start(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        form = PaperForm(request.POST, request.FILES)
        if not form.is_valid():
            return _answer(request, [], paper=form, status=422)
        found = verifying.by_file(form.cleaned_data["file"].read())
        return _answer(request, found, asked=_("这份文件"), status=200 if found else 404)
    if "code" in request.GET:
        code = CodeForm(request.GET)
        if not code.is_valid():
            return _answer(request, [], code=code, status=422)
        return redirect("desk:verify", code.cleaned_data["code"])
    return _answer(request, [])


@never_cache
@require_GET
@limited
def by_code(request: HttpRequest, code: str) -> HttpResponse:
    """Whether the paper with this code is still as it was sealed; 404 when there is none."""
    found = verifying.by_code(code)
    return _answer(request, found, asked=code, status=200 if found else 404)


def _answer(
    request: HttpRequest,
    found: list[Verdict],
    *,
    asked: str = "",
    code: CodeForm | None = None,
    paper: PaperForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "found": found,
        "asked": asked,
        "says": verifying.overall(found),
        "code": code or CodeForm(),
        "paper": paper or PaperForm(),
    }
    return page(request, "desk/verify.html", context, status=status)
