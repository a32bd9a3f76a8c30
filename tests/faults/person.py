"""A member of the demo house at a browser: real requests to the web server of a stack."""

import http.client
import re
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

from tests.platform.stack import Stack

LOGIN = "/accounts/login/"
EVENTS = "/p/lanwan/emergencies/"
HIDDEN = r'name="{name}" value="([^"]*)"'


class Answer(NamedTuple):
    """What came back."""

    status: int
    location: str
    body: str

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field; AssertionError when the page has none."""
        found = re.search(HIDDEN.format(name=name), self.body)
        assert found is not None, f"{self.status}, no field {name}"
        return found[1]


class Person:
    """One session, logged in with the password all demo accounts have."""

    def __init__(self, stack: Stack, number: str) -> None:
        self.port = stack.port
        self.cookies: dict[str, str] = {}
        password = (stack.home / "demo_password").read_text(encoding="ascii").strip()
        form = {"login": number, "password": password}
        answer = self.post(LOGIN, form, page=self.get(LOGIN))
        assert answer.status == http.client.FOUND, f"{number} is not let in: {answer.status}"
        self.csrf = self.get(f"{EVENTS}new/theft/").hidden("csrfmiddlewaretoken")

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, form: dict[str, str], page: Answer | None = None) -> Answer:
        """Send a form of ``page``, or one typed by heart."""
        token = page.hidden("csrfmiddlewaretoken") if page else self.csrf
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": token, **form}))

    def start(self, kind: str, place: str) -> str:
        """启动预案: open the form, fill in the place, tap; returns the number of the event."""
        page = self.get(f"{EVENTS}new/{kind}/")
        return self.tap(page, kind, place)

    def tap(self, page: Answer, kind: str, place: str) -> str:
        """The tap alone, from a form that is open; returns the number of the event."""
        form = {"kind": kind, "place_note": place, "token": page.hidden("token")}
        answer = self.post(f"{EVENTS}new/", form, page)
        assert answer.status == http.client.FOUND, f"not started: {answer.status}"
        return answer.location.rstrip("/").rpartition("/")[2]

    def acknowledge(self, number: str, notice: str) -> int:
        """确认收到; returns the status."""
        return self.post(f"{EVENTS}{number}/notices/{notice}/ack/", {}).status

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for line in response.headers.get_all("Set-Cookie", []):
                self.cookies |= {k: morsel.value for k, morsel in SimpleCookie(line).items()}
            location = response.headers.get("Location", "")
            return Answer(response.status, location, response.read().decode())
        finally:
            connection.close()
