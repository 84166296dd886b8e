"""A cache of API responses with a short TTL, so that a page of many requests makes one call."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Cache:
    """Values by key, each made by one thread while others that want it wait; failures are not kept."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._slots: dict[object, _Slot] = {}

    def get(self, key: object, make: Callable[[], T]) -> T:
        """The value of `key`, made anew when it is missing or too old."""
        with self._lock:
            slot = self._slots.setdefault(key, _Slot())
        with slot.lock:
            if slot.good_until <= self._clock():
                slot.value = make()
                slot.good_until = self._clock() + self._seconds
            return slot.value

    def forget(self, key: object) -> None:
        """Remove a value."""
        with self._lock:
            self._slots.pop(key, None)


class _Slot:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.good_until = float("-inf")
        self.value: Any = None


def remembered(method: Callable[..., T]) -> Callable[..., T]:
    """A method whose results its object's `cache` keeps for a moment, by arguments."""

    @functools.wraps(method)
    def cached(self: Any, *arguments: Any) -> T:
        return self.cache.get((method.__name__, *arguments), lambda: method(self, *arguments))

    return cached
