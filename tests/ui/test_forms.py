"""Form markup, widgets and fields of the interface."""

import base64
from typing import Any

import pytest
from crispy_forms.utils import render_crispy_form
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict

from propdesk.core import layouts, widgets
from propdesk.core.templatetags.ui import kind

PNG = widgets.PNG_MAGIC + b"drawing"
DRAWN = widgets.PNG_URL + base64.b64encode(PNG).decode()


class Sample(forms.Form):
    who = forms.CharField(label="客户称呼", help_text="王女士、陈先生")
    channel = forms.ChoiceField(
        label="渠道",
        choices=[("f", "当面"), ("p", "电话")],
        widget=widgets.Chips(icons={"p": "telephone"}),
    )
    at = forms.DateTimeField(label="时间", widget=widgets.DateTimeLocal, required=False)
    day = forms.DateField(label="日期", widget=widgets.DateLocal, required=False)
    words = forms.CharField(label="原话", widget=forms.Textarea, max_length=5000, required=False)
    photos = widgets.PhotosField(label="照片", required=False, max_files=2)
    sign = widgets.SignatureField(label="签名", required=False)
    agreed = forms.BooleanField(label="已复述", required=False)
    extra = forms.CharField(label="补充", max_length=3, required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = layouts.helper(
            self,
            layouts.Row("who", "at", keep=True),
            layouts.Section("经过", "channel", "day", "words", hint="照实写"),
            layouts.Fold("更多", "extra"),
            layouts.Rows("rows", "再加一行", ["photos"], ["sign"], show=1),
            "agreed",
            "token",
            submit_label="登记投诉",
            draft=True,
            back_url="/back/",
        )


def render(**kwargs: Any) -> str:
    html: str = render_crispy_form(Sample(**kwargs))
    return html


def upload(name: str, content: bytes = b"x") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/jpeg")


def sample(data: dict[str, Any] | None = None, **files: list[Any]) -> Sample:
    return Sample({"who": "王女士", "channel": "p"} | (data or {}), MultiValueDict(files))


def test_form_has_one_primary_button_and_no_form_tag() -> None:
    html = render()
    assert (html.count("btn-primary"), html.count("<form"), 'name="save_draft"' in html) == (
        1,
        0,
        True,
    )


def test_required_field_is_marked_and_hint_is_linked() -> None:
    html = render()
    assert '<label class="form-label req" for="id_who">客户称呼</label>' in html
    assert 'aria-describedby="id_who_helptext"' in html
    assert 'id="id_who_helptext"' in html


def test_choice_is_drawn_as_chips_with_icon_and_selection() -> None:
    html = render(initial={"channel": "p"})
    assert html.count('class="chip-in" type="radio"') == 2
    assert html.count("#i-telephone") == 1
    assert html.count("checked") == 1


def test_each_kind_of_field_gets_its_input() -> None:
    html = render()
    kinds = {f.name: kind(f) for f in Sample()}
    assert kinds == {
        "who": "input", "channel": "chips", "at": "input", "day": "input",
        "words": "text", "photos": "photo", "sign": "sign", "agreed": "check", "extra": "input",
        "token": "hidden",
    }  # fmt: skip
    assert ('type="datetime-local"' in html, 'type="date"' in html) == (True, True)
    assert ("data-signature" in html, 'name="sign_scan"' in html) == (True, True)
    assert ('id="id_words_chars"' in html, 'maxlength="5000"' in html) == (True, True)


def test_error_summary_links_to_each_wrong_field() -> None:
    html = render(data={"extra": "太长太长"})
    assert ('href="#id_who">请填写：客户称呼。' in html, 'href="#div_id_channel"' in html) == (
        True,
        True,
    )
    assert html.count('aria-invalid="true"') == 4
    assert 'id="id_who_error"' in html


def test_fold_opens_when_its_field_is_wrong() -> None:
    assert (
        'form-fold" open' in render(data={"extra": "太长太长"}),
        'form-fold" open' in render(),
    ) == (True, False)


def test_rows_all_show_without_script() -> None:
    html = render()
    assert (html.count('class="row-item"'), 'data-add-row="rows"' in html) == (2, True)
    assert "hidden>" not in html.split('id="rows"')[1].split("data-add-row")[0]


def test_photos_clean_to_a_list() -> None:
    form = sample(photos=[upload("a.jpg"), upload("b.jpg")])
    assert form.is_valid(), form.errors
    assert [file.name for file in form.cleaned_data["photos"]] == ["a.jpg", "b.jpg"]


def test_photos_without_a_file_clean_to_an_empty_list() -> None:
    form = sample()
    assert (form.is_valid(), form.cleaned_data["photos"]) == (True, [])


def test_too_many_photos_are_refused() -> None:
    form = sample(photos=[upload(f"{n}.jpg") for n in range(3)])
    assert form.errors == {"photos": ["一次最多上传 2 个文件，请分次上传。"]}


def test_empty_photo_is_refused() -> None:
    assert list(sample(photos=[upload("a.jpg", b"")]).errors) == ["photos"]


def test_required_photo_is_asked_for() -> None:
    with pytest.raises(forms.ValidationError, match="必填"):
        widgets.PhotosField(required=True).clean([])


def test_drawn_signature_cleans_to_a_png_file() -> None:
    form = sample({"sign": DRAWN})
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["sign"].name, form.cleaned_data["sign"].read()) == (
        "signature.png",
        PNG,
    )


def test_scanned_signature_wins_over_a_drawn_one() -> None:
    form = sample({"sign": DRAWN}, sign_scan=[upload("scan.jpg")])
    assert form.is_valid(), form.errors
    assert form.cleaned_data["sign"].name == "scan.jpg"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("nonsense", "invalid"),
        (widgets.PNG_URL + base64.b64encode(b"GIF89a").decode(), "invalid"),
        (widgets.PNG_URL + "A" * 700_000, "too_large"),
    ],
)
def test_broken_signature_is_refused(value: str, code: str) -> None:
    with pytest.raises(forms.ValidationError) as caught:
        widgets.SignatureField().clean(value)
    assert caught.value.code == code


def test_missing_signature_is_asked_for() -> None:
    with pytest.raises(forms.ValidationError, match="请签名"):
        widgets.SignatureField().clean(None)


def test_helper_without_label_brings_no_buttons() -> None:
    class Bare(forms.Form):
        who = forms.CharField(label="姓名")

    form = Bare()
    form.helper = layouts.helper(form, submit_label="")  # type: ignore[attr-defined]
    html = render_crispy_form(form)
    assert ("<button" in html, 'id="div_id_who"' in html) == (False, True)
