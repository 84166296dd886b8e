"""The backend for IGV Desktop, built, and a person who signs in to it as IGV has it done."""

from __future__ import annotations

import httpx

from sandbox import settings
from sandbox.demo import igv_client, reads
from tests.e2e import visitor
from tests.e2e.playbook import run

BUCKET, BAM, LOCUS = settings.READS_BUCKET, reads.BAM_KEY, reads.LOCUS
PERSON = f"barbara@{settings.DOMAIN}"


def build(*options: str) -> str:
    """Run igv/site.yml; what it said."""
    return run(["playbooks/igv/site.yml", "--diff", *options])


def browse(user: str, password: str, address: str) -> httpx.Response:
    """A browser that IGV opened, up to the page on this machine that says that all is well."""
    with visitor.client() as person:
        page = visitor.follow(person, person.get(address))
        hidden = dict(visitor.HIDDEN.findall(page.text))
        form = {**hidden, "username": user, "password": password}
        return visitor.follow(person, person.post(page.url.join("/login"), data=form))


def sign_in(configuration: igv_client.Configuration, password: str, user: str = PERSON) -> igv_client.Tokens:
    return igv_client.sign_in(configuration, lambda address: browse(user, password, address))
