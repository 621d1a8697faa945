"""The bidder's image: it bids, its health check passes, and SIGTERM loses no event."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration import container
from tests.integration.test_server import Clients, logged_lines, objects, status
from tests.support.aws_server import aws_server
from tools import ROOT
from tools.processes import free_port, wait_until
from tools.template import load_template

__all__ = ["objects"]
_NOBODY = 65534


@pytest.fixture(scope="module")
def image() -> Iterator[container.Image]:
    yield from container.build_image(container.BIDDER)


def health_command(port: int) -> list[str]:
    """The health check of the task in `deploy/container.yaml`, with another port."""
    template = load_template(ROOT / "deploy" / "container.yaml")
    task = template["Resources"]["Task"]["Properties"]
    kind, *command = task["ContainerDefinitions"][0]["HealthCheck"]["Command"]
    assert kind == "CMD"
    return [part.replace(":8080", f":{port}") for part in command]


def test_without_settings_the_error_names_the_missing_variables(image: container.Image) -> None:
    process = image.start({})
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "BIDDER_CAMPAIGNS_TABLE: Field required" in errors
    assert "Traceback" not in errors


def test_the_container_bids_until_sigterm_and_loses_no_event(
    image: container.Image, objects: dict[str, bytes], tmp_path: Path
) -> None:
    port, log = free_port(), tmp_path / "server.log"
    started_at = datetime.now(UTC).timestamp()
    with aws_server(objects, seconds=0.05) as aws, log.open("wb") as output:
        variables = {"BIDDER_HOST": "127.0.0.1", "BIDDER_PORT": str(port), "BIDDER_PROCESSES": "1"}
        process = image.start(aws.environment() | variables, output)
        try:
            wait_until(lambda: status(port, "/ready") == 200, process, log)
            assert image.run(health_command(port)) == 0
            entry = image.entry(process)
            assert entry.uids().real == _NOBODY
            clients = Clients(port)
            asyncio.run(clients.run(8, process, 50, entry.terminate))
            _, errors = process.communicate(timeout=60)
        finally:
            image.kill(process)

    assert not clients.other
    assert not clients.events - Counter(event["bid_id"] for event in aws.published if event["kind"] == "bill")
    assert logged_lines(log, "drained"), errors
    assert image.run(health_command(port)) != 0
    assert not files_written(image, started_at), "the task's root is read-only but for /tmp"


def files_written(image: container.Image, since: float) -> list[Path]:
    """The files of the container that changed since a time, without /tmp and the mounts of buildah."""
    folders = (image.files() / name for name in ("app", "home", "opt", "root", "srv", "usr", "var"))
    files = (path for folder in folders for path in folder.rglob("*") if not path.is_symlink() and path.is_file())
    return [path for path in files if path.stat().st_mtime > since]
