"""Real reads for a private bucket: human DNA of the 1000 Genomes Project, from Debian's package samtools-test.

HG00100, chromosome 17, the first 4,000 bases: Illumina reads aligned to the reference of the project, with the index
that came with them. `sandbox/setup igv` unpacks the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox import settings

FOLDER = settings.CHECKOUT / ".cache" / "samtools-test" / "usr" / "share" / "samtools" / "test" / "mpileup"
BAM, INDEX = FOLDER / "mpileup.1.bam", FOLDER / "mpileup.1.bam.bai"
# The stretch of the reference that the reads are aligned to.
REFERENCE = FOLDER / "mpileup.ref.fa"
# Two projects in one bucket; IGV's users are let into the first.
FOLDER_KEY, OTHER_FOLDER_KEY = "project-a/", "project-b/"
BAM_KEY, OTHER_KEY = f"{FOLDER_KEY}HG00100.bam", f"{OTHER_FOLDER_KEY}HG00101.bam"
LOCUS = "17:1000-1200"


def objects() -> Iterator[tuple[str, bytes]]:
    """Every object of the bucket: key and content."""
    for key in (BAM_KEY, OTHER_KEY):
        yield key, BAM.read_bytes()
        yield f"{key}.bai", INDEX.read_bytes()


def upload(s3: Any, bucket: str) -> None:
    """Put every object into `bucket` with the boto3 client `s3`."""
    for key, body in objects():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
