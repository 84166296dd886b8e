"""Invocation of Lambda functions: uploaded code, this machine's Python, if the resource policy allows the caller."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import pathlib
import sys
import tempfile
import time
import uuid
import zipfile
from typing import Any

from botocore.exceptions import ClientError

from aws_edge.account.api import Api
from aws_edge.account.iam_policies import Caller, allows

BOOTSTRAP = pathlib.Path(__file__).with_name("lambda_bootstrap.py")
Resource = dict[str, Any]


class InvocationError(Exception):
    """The function was not invoked; the text is Lambda's error code."""


class FunctionError(Exception):
    """The function raised an error with this message."""


class Functions:
    """The functions of one account; `folder` has their code, `<name>.zip`."""

    def __init__(self, api: Api, folder: pathlib.Path | None) -> None:
        self._api = api
        self._folder = folder

    async def invoke(self, arn: str, caller: Caller, event: Resource, timeout: float) -> Any:
        """Invoke a function as a caller with a timeout in seconds; its result."""
        function = await asyncio.to_thread(self._api.function, arn)
        if function is None:
            raise InvocationError("ResourceNotFoundException")
        if not allows(function["Policy"], caller, "lambda:InvokeFunction", arn):
            raise InvocationError("AccessDeniedException")
        code = self._code(function)
        if not function["Runtime"].startswith("python3."):
            raise InvocationError("InvalidRuntimeException")
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder, "task")
            zipfile.ZipFile(code).extractall(root)
            result, log = await _run(function, root, json.dumps(event), min(timeout, function["Timeout"]))
        await asyncio.to_thread(self._log, function["FunctionName"], log)
        if "errorMessage" in result:
            raise FunctionError(result["errorMessage"])
        return result["returned"]

    def _code(self, function: Resource) -> pathlib.Path:
        code = self._folder and self._folder / f"{function['FunctionName']}.zip"
        if not code or not code.exists() or _digest(code) != function["CodeSha256"]:
            raise InvocationError("ResourceNotFoundException")
        return code

    def _log(self, name: str, lines: list[str]) -> None:
        """Write to the function's log group, if it exists."""
        if not lines:
            return
        stream = {"logGroupName": f"/aws/lambda/{name}", "logStreamName": uuid.uuid4().hex}
        events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
        logs = self._api.client("logs")
        with contextlib.suppress(ClientError):
            logs.create_log_stream(**stream)
            logs.put_log_events(**stream, logEvents=events)


async def _run(function: Resource, root: pathlib.Path, event: str, timeout: float) -> tuple[Resource, list[str]]:
    """The payload of the response, and the lines that the function printed."""
    answer = root.with_name("answer")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", BOOTSTRAP, function["Handler"], answer),
        cwd=root,
        env=_environment(function),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _other = await asyncio.wait_for(process.communicate(event.encode()), timeout)
    except TimeoutError:
        process.kill()
        await process.wait()
        return {"errorMessage": f"Task timed out after {timeout:.2f} seconds"}, []
    lines = output.decode(errors="replace").splitlines()
    if not answer.exists():
        return {"errorMessage": f"Runtime exited with error: exit status {process.returncode}"}, lines
    return json.loads(answer.read_text()), lines


def _environment(function: Resource) -> dict[str, str]:
    own = {"AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"], "AWS_REGION": function["FunctionArn"].split(":")[3]}
    return {**own, **function.get("Environment", {}).get("Variables", {})}


def _digest(code: pathlib.Path) -> str:
    return base64.b64encode(hashlib.sha256(code.read_bytes()).digest()).decode()
