"""`make package`: `chalice package` with the merge template, slimmed, in build/package/, if anything has changed."""

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
"""What the zip may weigh: its download and unpacking are part of every cold start."""

HAS_SNAP_START = (3, 12)
"""The first Python whose Lambda runtime has SnapStart."""


@dataclass(frozen=True)
class Package:
    """What is deployed: the SAM template, and beside it the zip that its functions name."""

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


def package(project: Path = ROOT, out: Path | None = None) -> Package:
    """The package of the project's present sources, built if it isn't there. Raises CalledProcessError."""
    build = project / "build"
    result = Package(out or build / "package")
    with lock(build / "package.lock"):
        stamp, wanted = result.folder / "stamp", fingerprint(project)
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(result.folder, ignore_errors=True)
            result.folder.mkdir(parents=True)
            _build(project, build, result)
            stamp.write_text(wanted)
    return result


def fingerprint(project: Path) -> str:
    """A hash of the sources, and of the versions of the tools that write bytes of the package."""
    tools = [f"{name} {version(name)}" for name in ("chalice", "pip", "pydantic", "pydantic_core", "pyyaml")]
    digest = sha256(f"{sys.version} {platform.machine()} zlib {ZLIB_RUNTIME_VERSION} {tools}".encode())
    for path in _sources(project):
        digest.update(f"{path.relative_to(project)} {sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def _sources(project: Path) -> Iterator[Path]:
    yield from (project / name for name in ("app.py", "requirements.txt", ".chalice/config.json"))
    yield from sorted((project / ".chalice/resources").glob("*.yaml"))
    yield from (project / "tools" / name for name in ("elf.py", "package.py", "schemas.py", "slim.py", "template.py"))
    yield from sorted(p for p in (project / "bidder").rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def _build(project: Path, build: Path, result: Package) -> None:
    with tempfile.TemporaryDirectory(dir=build) as name:
        work = Path(name)
        merge = work / "resources.json"
        merge.write_text(json.dumps(template.joined(project / ".chalice/resources")))
        _chalice_package(project, merge, work / "chalice", _wheels(project, build))
        sam = template.through_aliases(json.loads((work / "chalice/sam.json").read_text()))
        if sys.version_info < HAS_SNAP_START:
            sam = template.without_snap_start(sam)
        result.template.write_text(json.dumps(template.with_code(sam, f"./{result.archive.name}"), indent=1))
        packed = work / "chalice/deployment.zip"
        slim.slimmed(packed, result.archive)
        result.sizes.write_text(json.dumps(_sizes(packed, result.archive, work / "bare.zip")))
    # Chalice keeps one such zip of 20 MB for each edit; the stamp and the wheels make them superfluous.
    shutil.rmtree(project / ".chalice/deployments", ignore_errors=True)


def _wheels(project: Path, build: Path) -> Path:
    """The locked dependencies as wheels, fetched once for each lock file: later packaging needs no network."""
    requirements = project / "requirements.txt"
    key = sha256(f"{sys.version_info[:2]} {requirements.read_text()}".encode()).hexdigest()[:16]
    folder = build / "wheels" / key
    if not folder.exists():
        shutil.rmtree(folder.parent, ignore_errors=True)
        fetched = folder.with_suffix(".part")
        pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "-d", str(fetched)]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
            # the C libraries of Amazon Linux 2 and 2023 take all of these
            platforms = ("manylinux2014_x86_64", "manylinux_2_24_x86_64")
            theirs = ["--only-binary=:all:", *(word for name in platforms for word in ("--platform", name))]
            subprocess.run([*pip, *theirs, "-r", str(requirements)], check=True)
        fetched.rename(folder)
    return folder


def _chalice_package(project: Path, merge: Path, out: Path, wheels: Path) -> None:
    chalice = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(project)]
    environment = os.environ | {
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    command = [*chalice, "package", "--merge-template", str(merge), str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    # Chalice exits 0 when a dependency could not be built; what is missing then would only show in Lambda.
    if done.returncode or "Could not install dependencies" in done.stdout:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stdout + done.stderr)


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
    argparse.ArgumentParser(prog="make package", description=__doc__).parse_args()
    try:
        result = package()
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
