"""Wildcards as AWS's edge services know them: `*` for any characters, `?` for exactly one, all else literal."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=1024)
def compiled(pattern: str, anything: str = ".", ignore_case: bool = False) -> re.Pattern[str]:
    """The pattern as a regular expression; `anything` is what a wildcard may stand for."""
    parts = {"*": f"{anything}*", "?": anything}
    text = "".join(parts.get(character) or re.escape(character) for character in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Whether all of the text fits the pattern."""
    return compiled(pattern, ignore_case=ignore_case).fullmatch(text) is not None
