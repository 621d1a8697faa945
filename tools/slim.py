"""Makes of Chalice's zip what is deployed: without what Lambda supplies, with bytecode.

The same sources give the same bytes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tools import ROOT

SUPPLIED = frozenset({"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"})
"""Import names of what every Python runtime of Lambda has."""

_UNUSED = frozenset({("pydantic", "v1")})
"""Parts of packages that nothing here imports: pydantic's former self, 0.4 MB."""

_SUPPLIED_DISTRIBUTIONS = SUPPLIED - {"dateutil"} | {"python_dateutil"}


def slimmed(packed: Path, out: Path) -> None:
    """Writes the slim zip to `out`, bytecode included."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with ZipFile(packed) as archive:
            archive.extractall(root, [name for name in archive.namelist() if is_deployed(PurePosixPath(name))])
        _write_schemas(root / "bidder")
        _compile(root)
        write(root, out)


def is_deployed(path: PurePosixPath) -> bool:
    """Whether a file of Chalice's zip is worth its place in ours."""
    top = path.parts[0]
    if top.endswith((".dist-info", ".data")):
        # METADATA alone: it is what importlib.metadata.version() reads.
        return path.name == "METADATA" and top.split("-")[0] not in _SUPPLIED_DISTRIBUTIONS
    if top.removesuffix(".py") in SUPPLIED or path.parts[:2] in _UNUSED:
        return False
    return "__pycache__" not in path.parts and path.suffix not in {".pyc", ".pyi"} and path.name != "py.typed"


def write(root: Path, out: Path, *, bytecode: bool = True) -> None:
    """Zips a folder, deterministically: sorted, at one fixed time, with one mode."""
    with ZipFile(out, "w") as archive:
        for path in sorted(root.rglob("*")):
            if path.is_dir() or (path.suffix == ".pyc" and not bytecode):
                continue
            entry = ZipInfo(path.relative_to(root).as_posix())
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED, 9)


def _write_schemas(folder: Path) -> None:
    """Adds what `bidder.prebuilt` reads. In a process of its own, as for bytecode."""
    command = [sys.executable, "-m", "tools.schemas", str(folder)]
    subprocess.run(command, env={"PYTHONHASHSEED": "0"}, cwd=ROOT, check=True)


def _compile(root: Path) -> None:
    """Adds bytecode that is used without a look at its source: a zip's timestamps would make Python discard it.

    In a process of its own, with hashes unseeded, since what this process has interned would show in the bytes.
    """
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(root), "-p", "/var/task"]
    subprocess.run(
        [sys.executable, "-P", "-m", "compileall", *options, str(root)],
        env={"PYTHONHASHSEED": "0"},
        check=True,
    )
