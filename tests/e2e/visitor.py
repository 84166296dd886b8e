"""A person without a browser: follows redirects by hand, keeps cookies, fills in the login's form."""

from __future__ import annotations

import html
import re
import ssl

import httpx

from sandbox import settings
from sandbox.demo import viewer

LOGIN = f"https://{settings.LOGIN_DOMAIN}"
CALLBACK = f"{viewer.SITE}/oauth2/idpresponse"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def client() -> httpx.Client:
    """Trusts the sandbox's authority, follows no redirect by itself and has no cookie yet."""
    context = ssl.create_default_context(cafile=str(settings.CA_FILE))
    return httpx.Client(verify=context, trust_env=False, timeout=30)


def follow(person: httpx.Client, answer: httpx.Response, stop: str = "") -> httpx.Response:
    """Go where an answer leads; not to an address that starts with `stop`."""
    while answer.next_request and not (stop and str(answer.next_request.url).startswith(stop)):
        answer = person.send(answer.next_request)
    return answer


def ask_to_come_in(person: httpx.Client, address: str = f"{viewer.SITE}/login") -> httpx.Response:
    """The page to which an address leads that only people who are signed in may see."""
    return follow(person, person.get(address))


def fill_in(person: httpx.Client, page: httpx.Response, user: str, password: str) -> httpx.Response:
    """What the login answers to a name and a password."""
    hidden = {html.unescape(name): html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    return person.post(f"{LOGIN}/login", data={**hidden, "username": user, "password": password})


def way_back(person: httpx.Client, user: str, password: str, address: str = f"{viewer.SITE}/login") -> str:
    """The address with the code to which the login sends the person; nobody went there yet."""
    location = fill_in(person, ask_to_come_in(person, address), user, password).headers["location"]
    assert location.startswith(f"{CALLBACK}?")
    return location


def signed_in(user: str, password: str) -> httpx.Client:
    """A person who is in, with the load balancer's cookies and those for the data."""
    person = client()
    follow(person, person.get(way_back(person, user, password)))
    assert person.get(f"{viewer.SITE}/session").status_code == 204
    return person


def cookies_of(person: httpx.Client, prefix: str) -> dict[str, str]:
    """The person's cookies whose names start so."""
    return {cookie.name: cookie.value or "" for cookie in person.cookies.jar if cookie.name.startswith(prefix)}


def header(cookies: dict[str, str]) -> dict[str, str]:
    """These cookies and no others, as a header field."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
