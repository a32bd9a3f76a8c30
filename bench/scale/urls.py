"""The addresses of the application, and the floor: a page of session and user that draws nothing."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from scale.asked import FLOOR


@login_required
def floor(request: HttpRequest) -> HttpResponse:
    """Who asks."""
    return HttpResponse(request.user.get_username(), content_type="text/plain")


urlpatterns = [path(FLOOR, floor), path("", include("propdesk.urls"))]
