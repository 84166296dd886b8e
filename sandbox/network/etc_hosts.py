"""The sandbox's names in /etc/hosts, in one marked block."""

from __future__ import annotations

import re

from sandbox import settings

BEGIN = "# BEGIN bioviewers sandbox"
END = "# END bioviewers sandbox"
NAMES = (
    settings.SITE_DOMAIN,
    settings.DATA_DOMAIN,
    settings.LOGIN_DOMAIN,
    settings.IGV_LOGIN_DOMAIN,
    settings.GOOGLE_DOMAIN,
    settings.S3_DOMAIN,
    f"neuroglancer.{settings.MANUAL_DOMAIN}",
    f"data.{settings.MANUAL_DOMAIN}",
)
BLOCK = "\n".join((BEGIN, *(f"{settings.LOOPBACK} {name}" for name in NAMES), END, ""))


def without_block(text: str) -> str:
    """The hosts file `text` with no block of ours. A block whose end is missing stays: it may hold other lines."""
    return re.sub(f"^{BEGIN}\n.*?^{END}\n", "", text, flags=re.DOTALL | re.MULTILINE)


def with_block(text: str) -> str:
    """The hosts file `text` with exactly our block, at its end."""
    rest = without_block(text)
    return rest + ("\n" if rest and not rest.endswith("\n") else "") + BLOCK


def _rewrite(text: str) -> None:
    # In place: in a container the file is a mount of its own, which can't be replaced by another.
    if text != settings.HOSTS_FILE.read_text():
        settings.HOSTS_FILE.write_text(text)


def add() -> None:
    """Make the sandbox's names resolve to this machine."""
    _rewrite(with_block(settings.HOSTS_FILE.read_text()))


def remove() -> None:
    """Remove the names."""
    _rewrite(without_block(settings.HOSTS_FILE.read_text()))


def is_present() -> bool:
    """Whether the block is there, with all names."""
    return BLOCK in settings.HOSTS_FILE.read_text()
