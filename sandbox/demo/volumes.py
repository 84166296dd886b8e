"""Real data for the private bucket: a volume that no one here made, as NIfTI and in three chunked formats.

The volume is an echo-planar MRI of a head (128 x 96 x 24 voxels, two time points) that ships inside the nibabel package
for its own tests. The NIfTI object is that file, byte for byte; the other formats hold its first time point.
"""

from __future__ import annotations

import itertools
import json
import pathlib
import tempfile
from collections.abc import Iterator

import nibabel
import numpy as np
import zarr

NIFTI = pathlib.Path(nibabel.__file__).parent / "tests" / "data" / "example4d.nii.gz"
NIFTI_KEY = "mri/head.nii.gz"
ZARR_KEY = "mri/head.zarr"
OME_ZARR_KEY = "mri/head.ome.zarr"
PRECOMPUTED_KEY = "mri/head.precomputed"
# Eight chunks in each shard: small enough to see several range requests for one picture. Axes z, y, x.
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


def write_ome_zarr(folder: pathlib.Path) -> None:
    """Write the volume as OME-Zarr 0.4 on Zarr v2, with one resolution."""
    volume = voxels().transpose(2, 1, 0)
    scale = list(reversed(zooms()[:3]))
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    # OME counts from the middle of the first voxel, the other formats from its corner.
    corner = {"type": "translation", "translation": [step / 2 for step in scale]}
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": scale}, corner]}]
    multiscales = [{"version": "0.4", "name": "head", "axes": axes, "datasets": datasets}]
    group = zarr.create_group(store=folder, zarr_format=2, attributes={"multiscales": multiscales})
    array = group.create_array("0", shape=volume.shape, dtype=volume.dtype, chunks=CHUNK)
    array[:] = volume


def write_precomputed(folder: pathlib.Path) -> None:
    """Write the volume in Neuroglancer's own format: raw chunks, the x axis fastest, sizes in nanometres."""
    volume, chunk = voxels(), tuple(reversed(CHUNK))
    scale = {
        "key": "full",
        "size": volume.shape,
        "chunk_sizes": [chunk],
        "resolution": [zoom * 1e6 for zoom in zooms()[:3]],
        "encoding": "raw",
    }
    info = {"@type": "neuroglancer_multiscale_volume", "type": "image", "num_channels": 1, "scales": [scale]}
    (folder / "full").mkdir()
    (folder / "info").write_text(json.dumps({**info, "data_type": volume.dtype.name}))
    for start in itertools.product(*(range(0, size, step) for size, step in zip(volume.shape, chunk, strict=True))):
        stop = [first + step for first, step in zip(start, chunk, strict=True)]
        name = "_".join(f"{first}-{last}" for first, last in zip(start, stop, strict=True))
        block = volume[tuple(slice(first, last) for first, last in zip(start, stop, strict=True))]
        (folder / "full" / name).write_bytes(block.astype("<i2").tobytes(order="F"))


WRITERS = {ZARR_KEY: write_zarr, OME_ZARR_KEY: write_ome_zarr, PRECOMPUTED_KEY: write_precomputed}


def objects() -> Iterator[tuple[str, bytes]]:
    """Every object of the private bucket as (key, body)."""
    yield NIFTI_KEY, NIFTI.read_bytes()
    for key, write in WRITERS.items():
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            write(root)
            for path in sorted(path for path in root.rglob("*") if path.is_file()):
                yield f"{key}/{path.relative_to(root)}", path.read_bytes()


def upload(s3, bucket: str) -> list[str]:
    """Put every object into `bucket` with the boto3 client `s3`; returns the keys."""
    keys = []
    for key, body in objects():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        keys.append(key)
    return keys
