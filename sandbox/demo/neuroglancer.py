"""Neuroglancer states, and the pixels that they must result in."""

from __future__ import annotations

import io
import json
import random
import urllib.parse
from typing import Any

import numpy as np
from PIL import Image

from sandbox.demo import volumes

# The grey value of a voxel is its share of the brightest one.
WHITE = int(volumes.voxels().max())
SHADER = f"void main() {{ emitGrayscale(float(toRaw(getDataValue())) / {WHITE}.0); }}"
# One voxel is one step of a dimension; the file's rotation into the scanner's space is left out.
X, Y, Z, T = volumes.zooms()
DIMENSIONS = {"x": [X / 1000, "m"], "y": [Y / 1000, "m"], "z": [Z / 1000, "m"], "t": [T, "s"]}
PIXELS_PER_VOXEL = 5


def layers(base: str) -> list[dict[str, Any]]:
    """One layer for each format, below `https://<data domain>`."""
    return [
        layer("NIfTI", f"nifti://{base}/{volumes.NIFTI_KEY}", "xyzt"),
        layer("OME-Zarr v2", f"zarr2://{base}/{volumes.OME_ZARR_KEY}/", "zyx"),
        layer("Zarr v3, sharded", f"zarr3://{base}/{volumes.ZARR_KEY}/", "zyx"),
        layer("precomputed", f"precomputed://{base}/{volumes.PRECOMPUTED_KEY}/", "xyz"),
    ]


def layer(name: str, url: str, axes: str) -> dict[str, Any]:
    """An image layer in plain grey, not blended with what lies below; `axes` names the volume's own, in its order."""
    identity = [[float(row == column) for column in range(len(axes) + 1)] for row in range(len(axes))]
    transform = {"outputDimensions": {axis: DIMENSIONS[axis] for axis in axes}, "matrix": identity}
    source = {"url": url, "transform": transform}
    return {"type": "image", "name": name, "source": source, "shader": SHADER, "opacity": 1}


def view(shown: list[dict[str, Any]], z: int, layout: Any = "xy", pixels: int = PIXELS_PER_VOXEL) -> dict[str, Any]:
    """The state that shows slice `z` of layers in the middle of the panel, and nothing drawn over it."""
    width, height, _other = volumes.voxels().shape
    return {
        "dimensions": DIMENSIONS,
        "position": [width / 2, height / 2, z + 0.5, 0.5],
        "crossSectionScale": 1 / pixels,
        "layers": shown,
        "layout": layout,
        "showAxisLines": False,
        "showScaleBar": False,
        "showDefaultAnnotations": False,
    }


def side_by_side(base: str) -> dict[str, Any]:
    """All formats, each in a panel of its own."""
    panels = [{"type": "viewer", "layers": [each["name"]], "layout": "xy"} for each in layers(base)]
    rows = [{"type": "row", "children": panels[:2]}, {"type": "row", "children": panels[2:]}]
    return view(layers(base), z=12, layout={"type": "column", "children": rows}, pixels=3)


def address(site: str, state: dict[str, Any]) -> str:
    """The link that opens the viewer with a state."""
    return f"{site}/#!{urllib.parse.quote(json.dumps(state, separators=(',', ':')))}"


def expected_grey(z: int) -> np.ndarray:
    """What the shader makes of slice `z`: grey levels 0 to 255, indexed [x, y]."""
    return np.rint(volumes.voxels()[:, :, z] * (255 / WHITE)).astype(int)


def drawn_grey(screenshot: bytes, panel: dict[str, float]) -> np.ndarray:
    """The pixel in the middle of each voxel on a screenshot of a `view`, indexed [x, y].

    `panel` is where the viewer drew it: {x, y, width, height} in pixels.
    """
    picture = np.asarray(Image.open(io.BytesIO(screenshot)).convert("RGB")).astype(int)
    width, height, _other = volumes.voxels().shape
    middle = [panel["x"] + panel["width"] / 2, panel["y"] + panel["height"] / 2]
    columns = [round(middle[0] + (x + 0.5 - width / 2) * PIXELS_PER_VOXEL - 0.5) for x in range(width)]
    rows = [round(middle[1] + (y + 0.5 - height / 2) * PIXELS_PER_VOXEL - 0.5) for y in range(height)]
    return picture[np.ix_(rows, columns)].max(axis=2).T


def sample(count: int, seed: int) -> list[tuple[int, int]]:
    """Positions [x, y], spread over the brighter and the darker half of the volume alike."""
    width, height, _other = volumes.voxels().shape
    return random.Random(seed).sample([(x, y) for x in range(width) for y in range(height)], count)  # noqa: S311
