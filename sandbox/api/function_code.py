"""The code of Lambda functions: moto never runs or returns it, so it is kept as it was uploaded, for the edge."""

from __future__ import annotations

import base64
import json

from sandbox import settings


def keep(request: bytes, answer: bytes) -> None:
    """Write down the archive of an upload that was taken; code that lies in S3 or an image is not run here."""
    asked = json.loads(request)
    archive = asked.get("Code", asked).get("ZipFile")
    if archive is None:
        return
    settings.FUNCTIONS.mkdir(exist_ok=True)
    code = settings.FUNCTIONS / f"{json.loads(answer)['FunctionName']}.zip"
    draft = code.with_suffix(".new")
    draft.write_bytes(base64.b64decode(archive))
    draft.replace(code)
