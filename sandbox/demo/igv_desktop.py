"""Debian's IGV without a screen, run with a batch script.

2.16.0, from which Debian took all that knows AWS: it is given presigned addresses, and shows that IGV's own reading of
BAM and index works with them.
"""

from __future__ import annotations

import pathlib
import subprocess
import tempfile

import numpy as np
from PIL import Image

from sandbox import settings
from sandbox.demo import reads

SCREEN = "-screen 0 1280x800x24"
SECONDS = 120
STORE_PASSWORD = "changeit"  # noqa: S105 (Java wants one; the store holds a public certificate)
# IGV's colour of a base that matches the reference.
READ_GREY = (202, 202, 202)


def draw(bam: str, index: str, locus: str, picture: pathlib.Path) -> None:
    """Save a picture of the reads at `locus`; the addresses are presigned ones."""
    with tempfile.TemporaryDirectory() as name:
        home = pathlib.Path(name)
        (home / "igv").mkdir()
        # Its own genomes, not those of a server.
        (home / "igv" / "prefs.properties").write_text(f"IGV.genome.sequence.dir={home}/none\nPORT_ENABLED=false\n")
        script = home / "batch.txt"
        script.write_text(_script(bam, index, locus, picture))
        _run(home, script)
    if not picture.exists():
        raise RuntimeError("IGV saved no picture")


def _script(bam: str, index: str, locus: str, picture: pathlib.Path) -> str:
    lines = (
        f"genome {reads.REFERENCE}",
        f"snapshotDirectory {picture.parent}",
        f"load {bam} index={index}",
        f"goto {locus}",
        "collapse",
        f"snapshot {picture.name}",
        "exit",
        "",
    )
    return "\n".join(lines)


def _run(home: pathlib.Path, script: pathlib.Path) -> None:
    options = f"-Duser.home={home} -Djavax.net.ssl.trustStore={_trust(home)}"
    environment = {"PATH": "/usr/bin:/bin", "JAVA_TOOL_OPTIONS": options}
    command = ["xvfb-run", "--auto-servernum", f"--server-args={SCREEN}"]
    igv = ["igv", "--igvDirectory", str(home / "igv"), "--batch", str(script)]
    subprocess.run(
        [*command, *igv], env=environment, cwd=home, timeout=SECONDS, check=True, capture_output=True, text=True
    )


def _trust(home: pathlib.Path) -> pathlib.Path:
    """The sandbox's authority as Java reads it."""
    store = home / "authorities"
    command = ["keytool", "-importcert", "-noprompt", "-alias", "sandbox", "-file", str(settings.CA_FILE)]
    subprocess.run([*command, "-keystore", str(store), "-storepass", STORE_PASSWORD], check=True, capture_output=True)
    return store


def read_pixels(picture: pathlib.Path) -> int:
    """How many pixels of a picture are reads."""
    return int(np.all(np.asarray(Image.open(picture).convert("RGB")) == READ_GREY, axis=2).sum())
