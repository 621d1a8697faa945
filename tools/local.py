"""`make run`: starts the local AWS with the stack and sample campaigns, and the bidder, until Ctrl-C."""

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError, URLError

import imageio_ffmpeg
from botocore.exceptions import BotoCoreError, ClientError

from tools import ROOT
from tools.changes import DeployFailed, Unsettled
from tools.creatives_stack import deploy_creatives
from tools.deploy import deploy, environment
from tools.locks import LockHeld, lock
from tools.ministack import MiniStack
from tools.package import Package, package
from tools.processes import LOOPBACK, DidNotStart, end, is_taken, local_environment
from tools.watch import KeepsDying, saved_ago, watch

STACK = "bidder"
FOLDER = ROOT / ".local"
PLAYERS = ROOT / "build" / "demo"
"""The folder into which `make demo-players` writes players of other projects."""
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READY = """
Demo:      http://127.0.0.1:{port}/demo plays ads in a page
Bidder:    http://127.0.0.1:{port}/bid, ready after {seconds:.0f} s; reloads when app.py or bidder/ changes
Settings:  .local/env; `.venv/bin/bidder campaigns list` reads it
Try:       curl -s http://127.0.0.1:{port}/bid -d @samples/request.json
Stop:      Ctrl-C
The clips of the sample campaigns are made behind the bidder; until then their media URLs answer 404.
"""


class CannotRun(RuntimeError):
    """The run can't start on this machine. The message says why and what to do."""


@contextmanager
def local_aws(port: int) -> Iterator[tuple[MiniStack, dict[str, str]]]:
    """A local AWS with the present stack, and the environment variables that lead to it.

    Ends the local AWS afterwards.
    """
    aws = running(MiniStack(FOLDER, port))
    try:
        yield aws, deploy_package(aws, package())
    finally:
        print("Saving the local AWS …", flush=True)
        aws.stop()


def running(aws: MiniStack) -> MiniStack:
    """A healthy MiniStack: the one of an interrupted run, or a new one. Raises CannotRun, DidNotStart."""
    if (pid := aws.pid()) is not None:
        if aws.running_port() == aws.port and aws.is_healthy():
            print(f"Local AWS: taking over process {pid} of an earlier run")
            return aws
        print(f"Local AWS: ending process {pid} of an earlier run")
        aws.stop()
    if is_taken(aws.port):
        msg = f"Port {aws.port} is taken by another program. Choose one for the local AWS: make run AWS_PORT=4567"
        raise CannotRun(msg)
    if not aws.ended_well():
        print(f"Local AWS: the last one was killed; starting from the state {saved_ago(aws)}")
    aws.start()
    return aws


def deploy_package(aws: MiniStack, built: Package) -> dict[str, str]:
    """Deploys the built package. Returns the environment variables that lead to it.

    A stack that an earlier run left unfinished is created again in an empty local AWS.
    """
    try:
        outputs = deploy(aws.session(), built, STACK, {})
    except Unsettled as error:
        print(f"Local AWS: {error}\nStarting over with an empty one.", file=sys.stderr)
        aws.reset()
        outputs = deploy(aws.session(), built, STACK, {})
    # Locally, the public address of the bucket is the local AWS.
    local = outputs | {"BidderMediaUrl": f"{aws.url}/{outputs['BidderCreativeBucket']}/"}
    # MiniStack mounts no layer at /opt, so the functions use the ffmpeg of this virtual environment.
    ffmpeg = {"Ffmpeg": imageio_ffmpeg.get_ffmpeg_exe()}
    creatives = deploy_creatives(aws.session(), built, STACK, local, ffmpeg, with_layer=False)
    return aws.environment() | environment(local | creatives)


def allow_headless_browsers(aws: MiniStack, parameters: str) -> None:
    """Allows headless browsers, which count as crawlers elsewhere, so that pages can be tried. A user's edit stays."""
    ssm = aws.session().client("ssm")
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name=f"{parameters}/allowed-crawlers", Type="String", Value="HeadlessChrome")


def write_environment(variables: dict[str, str], path: Path) -> None:
    """Writes KEY=VALUE lines atomically."""
    path.with_suffix(".part").write_text("".join(f"{name}={value}\n" for name, value in sorted(variables.items())))
    path.with_suffix(".part").replace(path)


@contextmanager
def module(name: str, *arguments: str, variables: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a Python module as a process that the terminal's Ctrl-C does not reach. Ends it afterwards."""
    command, everything = [sys.executable, "-m", name, *arguments], local_environment() | variables
    process = subprocess.Popen(command, cwd=ROOT, env=everything, start_new_session=True)
    try:
        yield process
    finally:
        end(process.pid)


def _wait_for_answer(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + 30
    while not _answers(url):
        if server.poll() is not None or time.monotonic() > deadline:
            msg = "The bidder did not start: see the error above."
            raise CannotRun(msg)
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310  our own http URL
    except HTTPError:
        return True
    except (URLError, OSError):
        return False
    return True


def _check_port(port: int) -> None:
    # The server of a killed run ends itself within a moment.
    deadline = time.monotonic() + 2
    while is_taken(port):
        if time.monotonic() > deadline:
            msg = f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}"
            raise CannotRun(msg)
        time.sleep(0.1)


def run(port: int, aws_port: int) -> int:
    """Runs everything until a signal or the end of the server."""
    _check_port(port)
    started_at = time.monotonic()
    print(f"Demo: http://{LOOPBACK}:{port}/demo, in a moment\nStarting the local AWS and packaging …", flush=True)
    with local_aws(aws_port) as (aws, variables):
        variables |= {"BIDDER_DEMO": "full"}
        if (PLAYERS / "players.js").exists():
            variables |= {"BIDDER_DEMO_PLAYERS": str(PLAYERS)}
        write_environment(variables, FOLDER / "env")
        allow_headless_browsers(aws, variables["BIDDER_PARAMETERS"])
        print(f"Local AWS: {aws.url}, stack {STACK}, log {aws.log.relative_to(ROOT)}", flush=True)
        with module("tools.seed", variables=variables) as seed:
            if seed.wait():
                msg = "Seeding failed: see the error above."
                raise CannotRun(msg)
        with module("tools.serve", "--port", str(port), variables=variables) as server:
            _wait_for_answer(server, f"http://{LOOPBACK}:{port}/health")
            print(READY.format(port=port, seconds=time.monotonic() - started_at), flush=True)
            with module("tools.sample_clips", variables=variables):
                return watch(aws, server, lambda message: print(message, file=sys.stderr, flush=True))


def _leave(*_: object) -> None:
    # Ignore later signals: a second Ctrl-C must not interrupt the saving.
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    sys.exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--aws-port", type=int, default=4566)
    arguments = parser.parse_args()
    everything = local_environment()
    os.environ.clear()
    os.environ.update(everything)
    for ending in ENDINGS:
        signal.signal(ending, _leave)
    try:
        with lock(FOLDER / "lock", wait=False):
            return run(arguments.port, arguments.aws_port)
    except LockHeld:
        print("`make run` is running in this folder already; end it first, with Ctrl-C.", file=sys.stderr)
    except (BotoCoreError, CannotRun, ClientError, DeployFailed, DidNotStart, KeepsDying) as error:
        print(error, file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"Packaging failed: {error.stderr or error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
