"""Real data for the private bucket: a volume that no one here made, as NIfTI and as a sharded Zarr v3 written from it.

The volume is an echo-planar MRI of a head (128 x 96 x 24 voxels, two time points) that ships inside the nibabel package
for its own tests. The NIfTI object is that file, byte for byte; the Zarr holds its first time point.
"""

from __future__ import annotations

import pathlib
import tempfile
from collections.abc import Iterator

import nibabel
import numpy as np
import zarr

NIFTI = pathlib.Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"
NIFTI_KEY = "mri/head.nii.gz"
ZARR_KEY = "mri/head.zarr"
# Eight chunks in each shard: small enough to see several range requests for one picture.
SHARD, CHUNK = (12, 96, 128), (12, 48, 32)


def voxels() -> np.ndarray:
    """The first time point, indexed [x, y, z] as NIfTI stores it, int16."""
    return np.asanyarray(nibabel.load(NIFTI).dataobj)[..., 0].astype(np.int16)


def zooms() -> tuple[float, ...]:
    """The size of a voxel: x, y, z in millimetres, t in seconds."""
    return tuple(float(zoom) for zoom in nibabel.load(NIFTI).header.get_zooms())


def write_zarr(folder: pathlib.Path) -> None:
    """Write the volume as one Zarr v3 array with axes z, y, x and the sharding codec."""
    volume = voxels().transpose(2, 1, 0)
    array = zarr.create_array(
        store=folder,
        shape=volume.shape,
        dtype=volume.dtype,
        shards=SHARD,
        chunks=CHUNK,
        compressors=zarr.codecs.GzipCodec(),
        dimension_names=("z", "y", "x"),
        # As Neuroglancer and TensorStore read them.
        attributes={"dimension_units": [f"{zoom} mm" for zoom in reversed(zooms()[:3])]},
        zarr_format=3,
    )
    array[:] = volume


def objects() -> Iterator[tuple[str, bytes]]:
    """Every object of the private bucket as (key, body)."""
    yield NIFTI_KEY, NIFTI.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write_zarr(root)
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            yield f"{ZARR_KEY}/{path.relative_to(root)}", path.read_bytes()


def upload(s3, bucket: str) -> list[str]:
    """Put every object into `bucket` with the boto3 client `s3`; returns the keys."""
    keys = []
    for key, body in objects():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        keys.append(key)
    return keys
