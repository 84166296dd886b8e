"""`make demo`: the sandbox, real data, site.yml, and a browser that signs in, both ways, and sees a private volume.

The steps are functions, so that the end-to-end tests take the same way.
"""

from __future__ import annotations

import contextlib
import pathlib
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Page

from sandbox import settings
from sandbox.compute import hosts, viewer_bundle
from sandbox.demo import browser, neuroglancer, volumes
from sandbox.google import accounts

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / ".cache" / "demo"
SITE = f"https://{settings.SITE_DOMAIN}"
DATA = f"https://{settings.DATA_DOMAIN}"
USER = f"ada@{settings.DOMAIN}"
GOOGLE_ACCOUNT = accounts.GRACE.name
WITH_GOOGLE = ("-e", f"@{settings.GOOGLE_CLIENT_FILE.relative_to(ROOT)}")


@contextlib.contextmanager
def phase(name: str) -> Iterator[None]:
    """Announce a step and say how long it took."""
    print(f"\n==> {name}", flush=True)
    start = time.monotonic()
    yield
    print(f"    {name}: {time.monotonic() - start:.0f} s", flush=True)


def sandbox(verb: str) -> None:
    subprocess.run([sys.executable, "-m", "sandbox", verb], cwd=ROOT, check=True)


def start() -> None:
    """A sandbox with nothing in it but what a lab would already have: a zone and a private bucket with volumes."""
    sandbox("down")
    sandbox("up")
    volumes.upload(settings.client("s3"), settings.DATA_BUCKET)


def play(playbook: str, *options: str) -> None:
    """Run a playbook as a lab would, with the sandbox's inventory."""
    command = ["ansible-playbook", "-i", "inventories/sandbox", *options, f"playbooks/{playbook}"]
    subprocess.run(command, cwd=ROOT, check=True)


def build(*options: str) -> None:
    """The whole deployment; the viewer that it has compiled is kept for the next."""
    play("site.yml", *options)
    for host in hosts.names():
        viewer_bundle.keep(host)


def pool_id(name: str = settings.PROJECT) -> str:
    """The deployment's user pool, or another."""
    pools = settings.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return next(pool["Id"] for pool in pools if pool["Name"] == name)


def create_user(email: str, pool_name: str = settings.PROJECT) -> str:
    """Create a native user anew, as an administrator would; returns the password."""
    cognito, pool = settings.client("cognito-idp"), pool_id(pool_name)
    password = f"{secrets.token_urlsafe(16)}-Aa1!"
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    with contextlib.suppress(cognito.exceptions.UserNotFoundException):
        cognito.admin_delete_user(UserPoolId=pool, Username=email)
    cognito.admin_create_user(
        UserPoolId=pool,
        Username=email,
        UserAttributes=attributes,
        TemporaryPassword=password,
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
    return password


def look(login: str, wait_for_login: Callable[[Page], None], sign_in: Callable[[Page], None]) -> None:
    """Sign in as a person would, look at the volume in each format, keep pictures of both."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with browser.chromium(settings.CA_FILE) as context:
        page = context.new_page()
        page.goto(SITE)
        wait_for_login(page)
        page.screenshot(path=PICTURES / f"login{login}.png")
        sign_in(page)
        page.wait_for_url(f"{SITE}/**")
        page.goto(neuroglancer.address(SITE, neuroglancer.side_by_side(DATA)))
        browser.wait_until_drawn(page)
        page.screenshot(path=PICTURES / f"viewer{login}.png")


def main() -> None:
    began = time.monotonic()
    with phase("Sandbox: emulators, the edge, a private bucket with an MRI volume"):
        start()
    with phase("site.yml: what a lab runs on AWS, with its client at Google"):
        build(*WITH_GOOGLE)
    with phase("A browser signs in with Google and looks"):
        look("-google", browser.wait_for_google, lambda page: browser.sign_in_with_google(page, GOOGLE_ACCOUNT))
    with phase("identity.yml: the pool's own users instead, for labs without Google"):
        play("identity.yml")
    with phase("A browser signs in with a password and looks"):
        password = create_user(USER)
        look("", browser.wait_for_login, lambda page: browser.sign_in(page, USER, password))
    sources = "\n              ".join(layer["source"]["url"] for layer in neuroglancer.layers(DATA))
    print(f"""
The sandbox is up after {time.monotonic() - began:.0f} s. To look for yourself (the sandbox's CA: {settings.CA_FILE}):

    viewer    {SITE}
    user      {USER}
    password  {password}
    volumes   {sources}
    pictures  {PICTURES}: login-google.png, viewer-google.png, login.png, viewer.png

For what follows:        . .venv/bin/activate
Google instead:          ansible-playbook -i inventories/sandbox {" ".join(WITH_GOOGLE)} playbooks/identity.yml
                         then choose {GOOGLE_ACCOUNT}; the same without -e switches back
Again, nothing changes:  ansible-playbook -i inventories/sandbox playbooks/site.yml
Take all of it away:     make clean""")


def show(steps: Callable[[], None]) -> None:
    """Run a demo; where it ends early, say at what."""
    try:
        steps()
    except subprocess.CalledProcessError as error:
        sys.exit(f"\nThe demo ended at: {' '.join(error.cmd)}\nThe sandbox's logs: {settings.LOGS}")


if __name__ == "__main__":
    show(main)
