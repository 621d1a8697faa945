"""`make package`: runs `chalice package` with the merge template, and slims the zip, if the sources have changed."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile
from zlib import ZLIB_RUNTIME_VERSION

from tools import ROOT, slim, template
from tools.locks import lock

LIMIT = 5 * 1024 * 1024
"""The largest size of the zip in bytes: every cold start downloads and unpacks it."""

ARCHITECTURES = ("x86_64", "arm64")
"""The processors of Lambda by their names there. The first is the default of a stack."""

_TOOLS = (
    *("bytecode", "elf", "imported_modules", "lambda_named_tuple", "lambda_pattern", "lambda_pydantic"),
    *("lambda_typing", "named_tuples", "package", "patterns", "schemas", "slim", "template", "typing_imports"),
)
"""The programs of `tools/` that write bytes of the package."""

HAS_SNAP_START = (3, 12)
"""The first Python version whose Lambda runtime has SnapStart."""


@dataclass(frozen=True)
class Package:
    """The package: the SAM template, and the zip of the functions."""

    folder: Path

    @property
    def template(self) -> Path:
        return self.folder / "template.json"

    @property
    def archive(self) -> Path:
        return self.folder / "bidder.zip"

    @property
    def sizes(self) -> Path:
        return self.folder / "sizes.json"


def own_architecture() -> str:
    """The processor of this machine by Lambda's name. Functions that run on this machine need a package for it."""
    return "arm64" if platform.machine().lower() in {"aarch64", "arm64"} else "x86_64"


class NotPackaged(RuntimeError):
    """There is no package of the present sources."""


def find_package(project: Path = ROOT, *, architecture: str | None = None) -> Package:
    """The package of the present sources, built by an earlier step. Raises NotPackaged.

    A pipeline deploys to production the same bytes that it tested in staging.
    """
    result = Package(project / "build" / "package")
    stamp = result.folder / "stamp"
    if not (stamp.exists() and stamp.read_text() == fingerprint(project, architecture or own_architecture())):
        msg = f"{result.folder} is not the package of these sources. Run make package, with the same Python"
        raise NotPackaged(msg)
    return result


def package(project: Path = ROOT, out: Path | None = None, *, architecture: str | None = None) -> Package:
    """The package of the present sources, built if it is missing. Raises CalledProcessError.

    `architecture` is the processor of the functions, by default this machine's.
    """
    processor = architecture or own_architecture()
    build = project / "build"
    result = Package(out or build / "package")
    with lock(build / "package.lock"):
        stamp, expected = result.folder / "stamp", fingerprint(project, processor)
        if not (stamp.exists() and stamp.read_text() == expected):
            shutil.rmtree(result.folder, ignore_errors=True)
            result.folder.mkdir(parents=True)
            _build(project, build, result, processor)
            stamp.write_text(expected)
    return result


def fingerprint(project: Path, architecture: str) -> str:
    """A hash of the sources, and of the versions of the tools that write bytes of the package."""
    tools = [f"{name} {version(name)}" for name in ("chalice", "pip", "pydantic", "pydantic_core", "pyyaml")]
    digest = sha256(f"{sys.version} {platform.machine()} {architecture} zlib {ZLIB_RUNTIME_VERSION} {tools}".encode())
    for path in _sources(project):
        digest.update(f"{path.relative_to(project)} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _sources(project: Path) -> Iterator[Path]:
    yield from (project / name for name in ("app.py", "requirements.txt", ".chalice/config.json"))
    yield from sorted((project / ".chalice/resources").glob("*.yaml"))
    yield from (project / "tools" / f"{name}.py" for name in _TOOLS)
    for folder in ("bidder", "workers"):
        yield from sorted(p for p in (project / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _build(project: Path, build: Path, result: Package, architecture: str) -> None:
    with tempfile.TemporaryDirectory(dir=build) as name:
        work = Path(name)
        merge = work / "resources.json"
        merge.write_text(json.dumps(template.join_templates(project / ".chalice/resources")))
        staged = _stage_project(project, work / "project", architecture)
        _chalice_package(staged, merge, work / "chalice", _wheels(project, build, architecture))
        sam = template.through_aliases(json.loads((work / "chalice/sam.json").read_text()))
        sam = template.of_architecture(template.of_runtime(template.with_runbooks(sam)), architecture)
        if sys.version_info < HAS_SNAP_START:
            sam = template.without_snap_start(sam)
        result.template.write_text(json.dumps(template.with_code(sam, f"./{result.archive.name}"), indent=1))
        packed = work / "chalice/deployment.zip"
        slim.write_slim_zip(packed, result.archive)
        result.sizes.write_text(json.dumps(_sizes(packed, result.archive, work / "bare.zip")))


def _stage_project(project: Path, stage: Path, architecture: str) -> Path:
    """A copy of the project that Chalice packs for the architecture, which Chalice reads only from its configuration.

    Chalice keeps a zip of 20 MB for each edit. They are in the copy, which is deleted.
    """
    (stage / ".chalice").mkdir(parents=True)
    for name in ("app.py", "requirements.txt", "bidder", "vendor"):
        (stage / name).symlink_to(project / name)
    config = json.loads((project / ".chalice/config.json").read_text())
    (stage / ".chalice/config.json").write_text(json.dumps(config | {"lambda_architecture": architecture}))
    return stage


def _wheels(project: Path, build: Path, architecture: str) -> Path:
    """The locked dependencies as wheels, downloaded once for each lock file: later packaging needs no network."""
    requirements = project / "requirements.txt"
    key = sha256(f"{sys.version_info[:2]} {requirements.read_text()}".encode()).hexdigest()[:16]
    folder = build / "wheels" / architecture / key
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        fetched = folder.with_suffix(".part")
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "-d", str(fetched)]
        # Chalice first looks for wheels of this machine, and fails without them.
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        if (platform.system(), own_architecture()) != ("Linux", architecture):
            subprocess.run([*pip, *of_lambda(architecture), "-r", str(requirements)], check=True)
        fetched.rename(folder)
    return folder


def of_lambda(architecture: str) -> list[str]:
    """The options of `pip download` for wheels of Lambda's platform, on any machine."""
    machine = {"x86_64": "x86_64", "arm64": "aarch64"}[architecture]
    # the C libraries of Amazon Linux 2 and 2023 support all of these
    platforms = (f"manylinux2014_{machine}", f"manylinux_2_24_{machine}")
    return ["--only-binary=:all:", *(word for name in platforms for word in ("--platform", name))]


def _chalice_package(project: Path, merge: Path, out: Path, wheels: Path) -> None:
    chalice = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(project)]
    environment = os.environ | {
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels.as_uri(),  # pip splits the variable at blanks
    }
    command = [*chalice, "package", "--merge-template", str(merge), str(out)]
    process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    # Chalice exits with 0 even if a dependency could not be built. The missing package would only show in Lambda.
    if process.returncode or "Could not install dependencies" in process.stdout:
        raise subprocess.CalledProcessError(
            process.returncode, command, process.stdout, process.stdout + process.stderr
        )


def _sizes(packed: Path, slimmed: Path, bare: Path) -> list[dict[str, str | int]]:
    with tempfile.TemporaryDirectory() as folder, ZipFile(slimmed) as archive:
        archive.extractall(folder)
        slim.write(Path(folder), bare, bytecode=False)
    steps = {"as Chalice packs it": packed, "without what Lambda supplies": bare, "with bytecode: bidder.zip": slimmed}
    return [{"step": step, "bytes": path.stat().st_size, "unpacked": _unpacked(path)} for step, path in steps.items()]


def _unpacked(archive: Path) -> int:
    with ZipFile(archive) as opened:
        return sum(entry.file_size for entry in opened.infolist())


def main() -> int:
    parser = argparse.ArgumentParser(prog="make package", description=__doc__)
    parser.add_argument("--architecture", choices=ARCHITECTURES, default=own_architecture())
    try:
        result = package(architecture=parser.parse_args().architecture)
    except subprocess.CalledProcessError as error:
        print(f"Packaging failed: {' '.join(error.cmd)}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    print(f"{'':32}{'zip':>9}{'unpacked':>11}")
    for row in json.loads(result.sizes.read_text()):
        print(f"{row['step']:32}{row['bytes'] / 1e6:6.2f} MB{row['unpacked'] / 1e6:8.2f} MB")
    print(f"{result.folder.relative_to(ROOT)}: {result.archive.name}, {result.template.name}")
    if result.archive.stat().st_size > LIMIT:
        print(f"{result.archive.name} is over {LIMIT / 1e6:.1f} MB", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
