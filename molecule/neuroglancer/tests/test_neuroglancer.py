"""The viewer as the role has published it."""

from __future__ import annotations

import json

testinfra_hosts = ["podman://molecule-neuroglancer"]


def test_the_current_release_is_whole_and_readable_by_everybody(host):
    assert host.file("/srv/neuroglancer/current").is_symlink
    page = host.file("/srv/neuroglancer/current/index.html")
    assert page.contains("<title>Neuroglancer</title>")
    assert page.user == "root"
    assert host.run("runuser -u nobody -- cat /srv/neuroglancer/current/index.html").rc == 0
    assert host.check_output("ls /srv/neuroglancer/current/assets/viewer-*.js.br")


def test_what_only_the_build_needed_is_gone(host):
    assert not host.file("/var/lib/neuroglancer/work").exists


def test_what_the_lab_has_set_lies_beside_the_viewer_not_in_it(host):
    settings = host.file("/etc/neuroglancer.json")
    assert (settings.user, settings.mode) == ("root", 0o644)
    assert json.loads(settings.content_string)["credentials_origins"] == ["https://data.example.org"]
    assert host.run("grep --recursive --quiet data.example.org /srv/neuroglancer/current/").rc == 1
