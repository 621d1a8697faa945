"""The allowed imports of a process's first bid, listed in `imports.txt`. Imports are most of a cold start."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pydantic_core
import pytest

from loadtest.bench.published import publish
from tests.integration.runtime import api_event
from tests.support.campaigns import campaign
from tests.support.fake_s3 import FakeS3
from tests.support.matchable import video_request
from tests.support.packaged_pydantic import packaged_pydantic
from tests.support.service import KEYS, SETTINGS
from tests.support.serving import serving

LIST = Path(__file__).with_name("imports.txt")
BID = """
import sys
before = set(sys.modules)
import json
import app
answer = app.app(json.loads(sys.argv[1]), None)
print(json.dumps([answer["statusCode"], sorted(set(sys.modules) - before)]))
"""


class Aws(BaseHTTPRequestHandler):
    """The operations of S3 and Parameter Store that a bid uses."""

    objects: dict[str, bytes]

    def do_GET(self) -> None:
        body = self.objects.get(self.path.removeprefix(f"/{SETTINGS.snapshot_bucket}/"))
        if body is None:  # the copy of the parameters
            self._say(b"<Error><Code>NoSuchKey</Code></Error>", 404)
        else:
            self._say(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        keys = {"Name": "/bidder/signing-keys", "Value": KEYS.model_dump_json()}
        self._say(json.dumps({"Parameters": [keys]}).encode())

    def _say(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    s3 = FakeS3()
    publish(s3, SETTINGS.snapshot_bucket, [campaign()], datetime.now(UTC))  # type: ignore[arg-type]
    handler = type("Handler", (Aws,), {"objects": s3.objects})
    with serving(HTTPServer(("127.0.0.1", 0), handler)) as url:
        yield url


@pytest.fixture(scope="module")
def imported_modules(aws: str, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules that a new process has imported after its first bid, without those of Python's start and of tests."""
    packages = str(Path(pydantic_core.__file__).parents[1])
    packaged = packaged_pydantic(tmp_path_factory.mktemp("packaged"))
    variables = {
        "PYTHONPATH": os.pathsep.join((str(packaged), str(Path.cwd()), packages)),
        "TMPDIR": str(tmp_path_factory.mktemp("copy")),
        "LAMBDA_TASK_ROOT": str(Path.cwd()),
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    variables |= {
        f"BIDDER_{name.upper()}": str(entry) for name, entry in SETTINGS.model_dump(exclude_none=True).items()
    }
    event = json.dumps(api_event("POST", "/bid", "/bid", body=json.dumps(video_request())))
    command = [sys.executable, "-S", "-c", BID, event]
    process = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603
    assert process.returncode == 0, process.stderr
    status, names = json.loads(process.stdout.splitlines()[-1])
    assert status == 200, process.stdout
    return set(names)


def listed_modules() -> set[str]:
    return {name for name in LIST.read_text().split("\n") if name and not name.startswith("#")}


def listed_names(imported_modules: set[str]) -> set[str]:
    """The bidder's modules, and the top-level packages of all others, whose submodules depend on their versions."""
    return {name if name.startswith("bidder") else name.partition(".")[0] for name in imported_modules}


def test_a_bid_imports_only_listed_modules(imported_modules: set[str]) -> None:
    new = sorted(name for name in listed_names(imported_modules) - listed_modules() if not name.startswith("_"))
    assert not new, (
        f"The first bid of every process now waits for the import of {', '.join(new)}. Import it in the function that "
        f"needs it; what a bid itself needs, and what Python imports for it, is added to {LIST.name}."
    )


def test_every_listed_module_is_imported(imported_modules: set[str]) -> None:
    missing = sorted(listed_modules() - listed_names(imported_modules) - sys.stdlib_module_names)
    assert not missing, f"No bid imports {', '.join(missing)} any more: take it out of {LIST.name}"


@pytest.mark.parametrize(
    "name",
    [
        *("asyncio", "boto3", "botocore", "aws_xray_sdk", "dataclasses", "importlib.metadata", "inspect"),
        *("locale", "pathlib", "platform", "urllib.request", "uuid"),
    ],
)
def test_slow_packages_are_not_listed(imported_modules: set[str], name: str) -> None:
    assert name not in imported_modules | listed_modules()
