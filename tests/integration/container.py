"""Builds images from Dockerfiles and runs them without Docker: buildah in a chroot, as root.

The base is Debian bookworm with Python, made once by mmdebstrap and kept under `build/`. These tests show that an image
builds and that its program runs in it. They do not test Fargate's networks and roles.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil
import pytest

from tools import ROOT
from tools.locks import lock
from tools.processes import local_environment

FOLDER = ROOT / "build" / "container"
WORKER = ROOT / "workers" / "transcode" / "Dockerfile"
BIDDER = ROOT / "container" / "Dockerfile"
_PROGRAMS = ("buildah", "mmdebstrap")
_BASE = "localhost/base"
_CERTIFICATES = Path("/etc/ssl/certs")


class Unavailable(RuntimeError):
    """This machine cannot build images. The message names what is missing."""


def check_available() -> None:
    """Raises Unavailable if programs or permissions are missing."""
    missing = [program for program in _PROGRAMS if not shutil.which(program)]
    if missing:
        msg = f"{', '.join(missing)} not found; on Debian and Ubuntu: apt install buildah crun mmdebstrap"
        raise Unavailable(msg)
    if os.geteuid() != 0:
        msg = "images are built as root only"
        raise Unavailable(msg)


class Image:
    """A built image and its container `name`. `command` is the image's entry point."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.command = command

    def start(
        self, environment: Mapping[str, str], output: "IO[bytes] | int" = subprocess.PIPE
    ) -> "subprocess.Popen[str]":
        """Starts the entry point with an environment. Standard output goes to `output`; standard error is a pipe."""
        variables = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        return subprocess.Popen(  # noqa: S603  a fixed program
            _buildah("run", "--isolation", "chroot", *variables, self.name, "--", *self.command),
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env=local_environment(),
        )

    def run(self, command: Sequence[str]) -> int:
        """The exit status of a command in the container, beside the entry point."""
        arguments = _buildah("run", "--isolation", "chroot", self.name, "--", *command)
        return subprocess.run(arguments, capture_output=True, env=local_environment(), check=False).returncode  # noqa: S603  a fixed program

    def entry(self, process: "subprocess.Popen[str]") -> psutil.Process:
        """The process of the entry point, a child of buildah."""
        [entry] = [
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if child.cmdline()[1:] == list(self.command[1:]) and "python" in child.cmdline()[0]
        ]
        return entry

    def stop(self, process: "subprocess.Popen[str]") -> None:
        """Sends SIGTERM to the entry point, as container runtimes do. buildah would kill it at once."""
        self.entry(process).terminate()

    def kill(self, process: "subprocess.Popen[str]") -> None:
        """Ends buildah and its child processes, which would otherwise outlive it. Has no effect after their end."""
        try:
            children = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            children = []
        process.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.wait()

    def files(self) -> Path:
        """The root of the container's files on this machine."""
        return Path(_run(_buildah("mount", self.name)).strip())

    def remove(self) -> None:
        """Removes the container. The base and the image stay for the next run."""
        _run(_buildah("rm", self.name))


def build_image(dockerfile: Path) -> Iterator[Image]:
    """The image of a Dockerfile, as the body of a fixture. Skips the tests if no image can be built."""
    try:
        check_available()
    except Unavailable as reason:
        pytest.skip(str(reason))
    image = build(dockerfile)
    yield image
    image.remove()


def build(dockerfile: Path) -> Image:
    """Builds the image of a Dockerfile, and its base image if that is missing."""
    tag = f"localhost/{dockerfile.parent.name}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with lock(FOLDER.with_name("container.lock")):
        _make_base()
        certificates = ["--volume", f"{_CERTIFICATES}:{_CERTIFICATES}:ro"] if _CERTIFICATES.is_dir() else []
        arguments = ["--isolation", "chroot", *certificates, "--build-arg", f"BASE={_BASE}"]
        _run(_buildah("bud", *arguments, "--pull-never", "-q", "-f", str(dockerfile), "-t", tag, str(ROOT)))
        # Removes the image of an earlier run. A running container keeps its copy.
        subprocess.run(_buildah("rmi", "--prune"), capture_output=True, check=False)  # noqa: S603  a fixed program
        name = _run(_buildah("from", "--pull-never", tag)).strip()
        inspected = json.loads(_run(_buildah("inspect", name)))
    return Image(name, inspected["OCIv1"]["config"]["Entrypoint"])


def _make_base() -> None:
    if subprocess.run(_buildah("images", "-q", _BASE), capture_output=True, check=False).returncode == 0:  # noqa: S603  a fixed program
        return
    context = FOLDER / "base"
    context.mkdir(exist_ok=True)
    packages = "--include=python3,python3-venv,ca-certificates"
    _run(["mmdebstrap", "--variant=minbase", packages, "bookworm", str(context / "rootfs.tar")])
    (context / "Dockerfile").write_text("FROM scratch\nADD rootfs.tar /\n")
    _run(_buildah("bud", "--isolation", "chroot", "-q", "-t", _BASE, str(context)))
    shutil.rmtree(context)


def _buildah(command: str, *arguments: str) -> list[str]:
    storage = ["--storage-driver", "vfs", "--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run")]
    return ["buildah", *storage, command, *arguments]


def _run(command: Sequence[str]) -> str:
    process = subprocess.run(command, capture_output=True, text=True, env=local_environment(), check=False)  # noqa: S603  programs named here
    assert process.returncode == 0, f"{' '.join(command[:8])}: {process.stderr[-3000:]}"
    return process.stdout
