"""The block of names in /etc/hosts."""

from __future__ import annotations

import pytest

from sandbox.network import etc_hosts

PLAIN = "127.0.0.1 localhost\n::1 localhost\n"


@pytest.mark.parametrize("text", [PLAIN, "", "\n", "# BEGIN of something else\n127.0.0.1 x\n"])
def test_adding_and_removing_gives_back_the_file(text):
    assert etc_hosts.without_block(etc_hosts.with_block(text)) == text


def test_every_name_points_to_this_machine():
    lines = etc_hosts.with_block(PLAIN).splitlines()
    assert [f"127.0.0.1 {name}" for name in etc_hosts.NAMES] == lines[3:-1]


def test_twice_is_once():
    assert etc_hosts.with_block(etc_hosts.with_block(PLAIN)) == etc_hosts.with_block(PLAIN)


def test_a_last_line_without_an_end_stays_a_line():
    assert etc_hosts.with_block("127.0.0.1 localhost") == "127.0.0.1 localhost\n" + etc_hosts.BLOCK


def test_lines_after_the_block_stay():
    assert etc_hosts.without_block(etc_hosts.with_block(PLAIN) + "10.0.0.1 mine\n") == PLAIN + "10.0.0.1 mine\n"


def test_a_block_without_an_end_is_left_alone():
    torn = PLAIN + etc_hosts.BEGIN + "\n127.0.0.1 x\n10.0.0.1 mine\n"
    assert etc_hosts.without_block(torn) == torn


def test_the_file_is_written_in_place(tmp_path, monkeypatch):
    file = tmp_path / "hosts"
    file.write_text(PLAIN)
    monkeypatch.setattr(etc_hosts.settings, "HOSTS_FILE", file)
    inode = file.stat().st_ino
    etc_hosts.add()
    assert etc_hosts.is_present()
    etc_hosts.remove()
    assert (file.read_text(), file.stat().st_ino, etc_hosts.is_present()) == (PLAIN, inode, False)
