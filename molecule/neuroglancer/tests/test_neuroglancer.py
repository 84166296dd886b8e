"""The viewer as the role has published it."""

from __future__ import annotations

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
