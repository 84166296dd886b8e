"""The code of Lambda functions, stored as uploaded for the edge: moto neither runs nor returns it."""

from __future__ import annotations

import base64
import json

from sandbox import settings


def save(request: bytes, answer: bytes) -> None:
    """Store the archive of an accepted upload; code in S3 or in an image is not supported."""
    parameters = json.loads(request)
    archive = parameters.get("Code", parameters).get("ZipFile")
    if archive is None:
        return
    settings.FUNCTIONS.mkdir(exist_ok=True)
    code = settings.FUNCTIONS / f"{json.loads(answer)['FunctionName']}.zip"
    draft = code.with_suffix(".new")
    draft.write_bytes(base64.b64decode(archive))
    draft.replace(code)
