"""`python -m sandbox.compute.viewer_bundle HOST`: keeps the viewer that a host has built, for the whole machine.

It lies where the role looks for bundles (`neuroglancer_bundle_dir`), by the name of its release: what was built of
other files has another name.
"""

from __future__ import annotations

import hashlib
import pathlib
import subprocess
import sys
import tempfile

from sandbox import settings
from sandbox.compute import containers, hosts

FOLDER = settings.CHECKOUT / ".cache" / "viewer"
PUBLISHED = "/srv/neuroglancer"
# As roles/neuroglancer/files/build/build.sh packs it.
TAR = ("tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX")


def release(host: str) -> str:
    """The release that the host serves; empty if it has none."""
    link = hosts.execute(host, "readlink", f"{PUBLISHED}/current", check=False).strip()
    return pathlib.PurePath(link).name


def keep(host: str) -> None:
    """Keep the host's release unless it is kept already; what was built before goes."""
    name = release(host)
    bundle = FOLDER / f"{name}.tar"
    if name and not bundle.exists():
        _pack(host, bundle)
        for other in FOLDER.glob("*.tar*"):
            if not other.name.startswith(bundle.name):
                other.unlink(missing_ok=True)


def _pack(host: str, bundle: pathlib.Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        new = pathlib.Path(folder) / "new.tar"
        containers.podman("cp", f"{host}:{PUBLISHED}/releases/{bundle.stem}/.", f"{folder}/viewer")
        subprocess.run([*TAR, "-C", f"{folder}/viewer", "-cf", str(new), "."], check=True)
        checksum = hashlib.sha256(new.read_bytes()).hexdigest()
        bundle.with_name(f"{bundle.name}.sha256").write_text(f"{checksum}  {bundle.name}\n")
        new.rename(bundle)


if __name__ == "__main__":
    keep(sys.argv[1])
