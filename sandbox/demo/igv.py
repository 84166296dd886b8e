"""`make demo-igv`: the sandbox, igv/site.yml, and the way of IGV Desktop to the reads of a private BAM file.

The steps are functions, so that the end-to-end tests take the same way.
"""

from __future__ import annotations

import time

from sandbox import settings
from sandbox.demo import browser, igv_client, igv_desktop, reads, viewer

CONFIGURATION = viewer.ROOT / ".cache" / settings.IGV_PROJECT / "oauth-config.json"
PICTURE = viewer.PICTURES / "igv.png"
LINES = 5


def start() -> None:
    """A sandbox with nothing in it but what a lab would already have: a private bucket with reads of two projects."""
    viewer.sandbox("down")
    viewer.sandbox("up")
    reads.upload(settings.client("s3"), settings.READS_BUCKET)


def sign_in(configuration: igv_client.Configuration, password: str) -> igv_client.Tokens:
    """Sign in as a person would: IGV opens the browser, the person fills in the form, IGV gets the code."""
    with browser.chromium(settings.CA_FILE) as context:
        page = context.new_page()

        def browse(address: str) -> None:
            page.goto(address)
            browser.wait_for_login(page)
            browser.sign_in(page, viewer.USER, password)
            page.wait_for_url(f"{configuration.redirect_uri}**")

        return igv_client.sign_in(configuration, browse)


def show(s3: object) -> None:
    """Print what IGV's tree shows, and the reads as they come from the bucket."""
    for name in igv_client.folder(s3, settings.READS_BUCKET, reads.FOLDER_KEY):
        print(f"    {name}")
    found = igv_client.reads(s3, settings.READS_BUCKET, reads.BAM_KEY, reads.LOCUS)
    print(f"    {len(found)} reads at {reads.LOCUS}, of which {LINES}:")
    for read in found[:LINES]:
        bases = f"{read.query_sequence[:40]}..."
        print(f"    {read.query_name:22} {read.reference_start + 1:5} {read.cigarstring:8} {bases}")


def draw(s3: object) -> None:
    """Let Debian's IGV draw them."""
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.unlink(missing_ok=True)
    bam, index = (igv_client.presigned(s3, settings.READS_BUCKET, reads.BAM_KEY + end) for end in ("", ".bai"))
    igv_desktop.draw(bam, index, reads.LOCUS, PICTURE)


def main() -> None:
    began = time.monotonic()
    with viewer.phase("Sandbox: emulators, the edge, a private bucket with DNA reads"):
        start()
    with viewer.phase("igv/site.yml: what a lab runs on AWS"):
        viewer.play("igv/site.yml")
    with viewer.phase("Once more: nothing changes"):
        viewer.play("igv/site.yml")
    configuration = igv_client.read(CONFIGURATION)
    password = viewer.create_user(viewer.USER, settings.IGV_PROJECT)
    with viewer.phase("IGV signs in: browser, token, identity, role"):
        tokens = sign_in(configuration, password)
        s3 = igv_client.storage(configuration, igv_client.credentials(configuration, tokens["id_token"]))
    with viewer.phase(f"IGV reads {reads.LOCUS} of s3://{settings.READS_BUCKET}/{reads.BAM_KEY}"):
        show(s3)
    with viewer.phase("Debian's IGV draws them"):
        draw(s3)
    print(f"""
The sandbox is up after {time.monotonic() - began:.0f} s. To look for yourself (the sandbox's CA: {settings.CA_FILE}):

    user      {viewer.USER}
    password  {password}
    for IGV   {CONFIGURATION.parent}: oauth-config.json, prefs.properties, open-a-bam.md
    picture   {PICTURE}

For what follows:        . .venv/bin/activate
Again, nothing changes:  ansible-playbook -i inventories/sandbox playbooks/igv/site.yml
Take all of it away:     make clean""")


if __name__ == "__main__":
    viewer.show(main)
