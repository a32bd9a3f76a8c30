"""A member of the demo house at a browser: real requests to the web server of a stack."""

import copy
import http.client
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie
from threading import Barrier, Event, Thread
from typing import NamedTuple, Self
from urllib.parse import urlencode

from tests.platform.stack import Stack

LOGIN = "/accounts/login/"
EVENTS = "/p/lanwan/emergencies/"
COMPLAINTS = "/p/lanwan/incidents/"
FORM, EDGE = "application/x-www-form-urlencoded", "edge-of-a-part"
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


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Send all of these together; what came back, in their order."""
    start = Barrier(len(acts))

    def one(act: Callable[[], Answer]) -> Answer:
        start.wait(20)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


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

    def at(self, port: int) -> Self:
        """The same session at another server of the same house."""
        other = copy.copy(self)
        other.port, other.cookies = port, dict(self.cookies)
        return other

    def intake(self, words: str, **fields: str) -> dict[str, str]:
        """登记投诉: open the form and fill it in; what is to be sent."""
        token = self.get(f"{COMPLAINTS}new/").hidden("token")
        given = {"words": words, "severity": "normal", "channel": "phone", "token": token}
        return given | fields

    def take_in(self, words: str) -> str:
        """登记投诉; returns the number of the complaint."""
        answer = self.post(f"{COMPLAINTS}new/", self.intake(words))
        assert answer.status == http.client.FOUND, f"not taken in: {answer.status}"
        return answer.location.rstrip("/").rpartition("/")[2]

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._ask("GET", path, None)

    def post(self, path: str, form: dict[str, str], page: Answer | None = None) -> Answer:
        """Send a form of ``page``, or one typed by heart."""
        token = page.hidden("csrfmiddlewaretoken") if page else self.csrf
        return self._ask("POST", path, urlencode({"csrfmiddlewaretoken": token, **form}))

    def upload(self, path: str, photo: bytes) -> Answer:
        """Send a photo."""
        fields = f'name="csrfmiddlewaretoken"\r\n\r\n{self.csrf}\r\n--{EDGE}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        head = f"--{EDGE}\r\nContent-Disposition: form-data; {fields}".encode()
        body = head + photo + f"\r\n--{EDGE}--\r\n".encode()
        return self._ask("POST", path, body, f"multipart/form-data; boundary={EDGE}")

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

    def _ask(self, method: str, path: str, body: str | bytes | None, kind: str = FORM) -> Answer:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = kind
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


@contextmanager
def at_work(act: Callable[[Person, int, Event], None], people: Sequence[Person]) -> Iterator[None]:
    """Let each of these people act by himself until the block ends; what is under way is finished."""
    over = Event()
    threads = [Thread(target=act, args=(person, i, over)) for i, person in enumerate(people)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
