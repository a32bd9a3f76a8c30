"""What the frame round every page shows."""

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:
    return {"shell": None}
