"""Inside the process of a Lambda function: `python -I lambda_bootstrap.py <handler> <file for the answer>`.

The function's code is in the working directory, the event comes on standard input.
"""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import sys


def answer(handler: str) -> dict:
    """The payload of the response: result or error."""
    sys.path.insert(0, os.getcwd())
    module, _mark, name = handler.rpartition(".")
    try:
        return {"returned": getattr(importlib.import_module(module), name)(json.load(sys.stdin), None)}
    except Exception as error:
        return {"errorMessage": str(error), "errorType": type(error).__name__}


if __name__ == "__main__":
    pathlib.Path(sys.argv[2]).write_text(json.dumps(answer(sys.argv[1])))
