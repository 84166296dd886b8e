"""Somebody who reads data all the while, for whom no request may be refused."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import httpx

from sandbox.demo import viewer, volumes
from tests.e2e import visitor

OBJECT = f"{viewer.DATA}/{volumes.NIFTI_KEY}"
RATE, RENEWAL_SECONDS = 20, 5


class Reader(threading.Thread):
    """Reads some bytes 20 times a second, and asks for new cookies now and then, as an open viewer does."""

    def __init__(self, person: httpx.Client) -> None:
        super().__init__(daemon=True)
        self.person, self.ended = person, threading.Event()
        self.statuses: list[int] = []
        self.keys: list[str] = []

    def run(self) -> None:
        start, renewed = time.monotonic(), 0.0
        while not self.ended.wait(max(0, start + len(self.statuses) / RATE - time.monotonic())):
            if time.monotonic() - renewed > RENEWAL_SECONDS:
                renewed = time.monotonic()
                self.statuses.append(self.person.get(f"{viewer.SITE}/session").status_code)
            self.statuses.append(self.person.get(OBJECT, headers={"Range": "bytes=0-9"}).status_code)
            self.keys.append(visitor.cookies_of(self.person, "CloudFront-Key-Pair-Id").popitem()[1])

    def refused(self) -> list[int]:
        return [status for status in self.statuses if status not in (204, 206)]


@contextlib.contextmanager
def reading(person: httpx.Client) -> Iterator[Reader]:
    """A person who reads meanwhile."""
    reader = Reader(person)
    reader.start()
    try:
        yield reader
    finally:
        reader.ended.set()
        reader.join(30)
