"""Converts Chalice's zip to the deployed zip: without packages that Lambda provides, and with bytecode.

The same sources give the same bytes.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from bidder.bundle import NAME
from tools import ROOT, lambda_named_tuple, lambda_pattern, lambda_pydantic, lambda_typing
from tools.bytecode import without_docstrings
from tools.elf import without_symbols
from tools.imported_modules import imported_modules

SUPPLIED = frozenset({"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"})
"""The import names of packages in every Python runtime of Lambda."""

BUILDERS = frozenset({"pydantic", "annotated_types", "typing_inspection", "typing_extensions"})
"""Import names of what builds schemas from models. The package has the schemas, and reads them."""

_UNUSED = (
    *("pydantic_core/__init__.py", "pydantic_core/core_schema.py", "wrapt/_wrappers.c"),
    *("tzdata/zoneinfo/tzdata.zi", "tzdata/zoneinfo/zone", "tzdata/zoneinfo/iso3166.tab"),
    *("bidder/cli/", "bidder/simulator/", "bidder/plot_style.py", "bidder/__main__.py"),
)
"""The beginnings of the paths of files that no function reads.

They are types of schemas, C sources, tables of time zones beside the zones, the
command line and the simulator.
"""

_XRAY = "aws_xray_sdk/ext/"
_XRAY_USED = {"__init__.py", "util.py"}
"""The other files of this package trace web frameworks and databases."""

_LEFT_OUT = SUPPLIED - {"dateutil"} | {"python_dateutil"} | BUILDERS
"""The distributions without a place in the package."""

_CORE = """\
import sys
from types import SimpleNamespace
from pydantic_core._pydantic_core import *
MISSING = object()
_Absent = type("Absent", (), {})
_absent = {"pathlib": SimpleNamespace(Path=_Absent), "uuid": SimpleNamespace(UUID=_Absent)}
_absent = {name: module for name, module in _absent.items() if name not in sys.modules}
sys.modules.update(_absent)
to_json(None)
for name in _absent:
    del sys.modules[name]
"""
"""The package's `pydantic_core/__init__.py`: pydantic's own imports the types of schemas, in 5 ms.

The core looks up `MISSING`, and compares it with defaults by identity. The core looks up `pathlib.Path` and `uuid.UUID`
when it first writes JSON, to recognize their instances. The import of both would take a twentieth of a cold start, and
no answer has a path or a UUID: the core finds a class without instances.
"""


def write_slim_zip(packed: Path, out: Path) -> None:
    """Writes the slim zip to `out`, including bytecode."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with ZipFile(packed) as archive:
            archive.extractall(root, [name for name in archive.namelist() if is_deployed(PurePosixPath(name))])
        _leave_out_descriptions(root)
        _leave_out_unimported(root)
        _strip(root)
        add_pydantic(root)
        shutil.copy(lambda_named_tuple.__file__, root)
        shutil.copy(lambda_pattern.__file__, root)
        shutil.copy(lambda_typing.__file__, root)
        _leave_out_docstrings(root)
        _run("tools.bytecode", root)
        write(root, out)


def is_deployed(path: PurePosixPath) -> bool:
    """Whether the deployed zip contains a file of Chalice's zip."""
    top = path.parts[0]
    if top.endswith((".dist-info", ".data")):
        # METADATA alone: it is what importlib.metadata.version() reads.
        return path.name == "METADATA" and top.split("-")[0] not in _LEFT_OUT
    name = path.as_posix()
    if top.removesuffix(".py") in SUPPLIED | BUILDERS or name.startswith(_UNUSED):
        return False
    if name.startswith(_XRAY) and name.removeprefix(_XRAY) not in _XRAY_USED:
        return False
    return "__pycache__" not in path.parts and path.suffix not in {".pyc", ".pyi"} and path.name != "py.typed"


def write(root: Path, out: Path, *, bytecode: bool = True) -> None:
    """Zips a folder deterministically: sorted, with one fixed time and mode."""
    with ZipFile(out, "w") as archive:
        for path in sorted(root.rglob("*")):
            if path.is_dir() or (not bytecode and (path.suffix == ".pyc" or path.name == NAME)):
                continue
            entry = ZipInfo(path.relative_to(root).as_posix())
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), ZIP_DEFLATED, 9)


WORKERS = ROOT / "workers"
"""The functions of the creatives' stack."""

_HANDLERS = (ROOT / "bidder/entrances/handler.py",)
"""The modules of the project that Lambda imports itself, by the name of a function's handler in the template."""


def deployed_modules(*programs: Path) -> frozenset[str]:
    """Our modules that the programs can import, as paths in the zip; by default all functions of the stack."""
    handlers = () if programs else _HANDLERS
    imported = imported_modules(programs or (ROOT / "app.py", *handlers), "bidder", ROOT)
    return frozenset(path.relative_to(ROOT).as_posix() for path in (*imported, *handlers))


def modules_with_models() -> frozenset[str]:
    """Our modules in the packages of the bidder's and of the creatives' stack, which is made from the bidder's."""
    workers = [path for path in sorted(WORKERS.rglob("*.py")) if path.stem != "__main__"]  # which runs the program
    return deployed_modules() | deployed_modules(*workers) | {path.relative_to(ROOT).as_posix() for path in workers}


def _leave_out_unimported(root: Path) -> None:
    """Removes the modules of the command line, the simulator and other stacks."""
    deployed = deployed_modules()
    for source in (root / "bidder").rglob("*.py"):
        if source.relative_to(root).as_posix() not in deployed:
            source.unlink()


def _leave_out_docstrings(root: Path) -> None:
    """Removes the docstrings from the sources of dependencies. Their lines keep their numbers, for tracebacks."""
    for source in root.rglob("*.py"):
        if source.relative_to(root).parts[0] not in {"app.py", "bidder"}:
            source.write_bytes(without_docstrings(source.read_bytes()))


def _leave_out_descriptions(root: Path) -> None:
    """Reduces each METADATA to its fields, which importlib.metadata reads; the rest is a README."""
    for metadata in root.glob("*.dist-info/METADATA"):
        fields, _, _ = metadata.read_text(encoding="utf-8").partition("\n\n")
        metadata.write_text(f"{fields}\n", encoding="utf-8")


def _strip(root: Path) -> None:
    """Removes the debugging information from native libraries: 2 MB of the zip."""
    for library in root.rglob("*.so*"):
        library.write_bytes(without_symbols(library.read_bytes()))


def add_pydantic(root: Path) -> None:
    """Adds the module `pydantic` of the package (`tools/lambda_pydantic.py`), with the schemas of all its models."""
    (root / "pydantic").mkdir()
    (root / "pydantic/__init__.py").write_bytes(Path(lambda_pydantic.__file__).read_bytes())
    (root / "pydantic_core").mkdir(exist_ok=True)
    (root / "pydantic_core/__init__.py").write_text(_CORE)
    _run("tools.schemas", root / "pydantic" / lambda_pydantic.FOLDER)


def _run(module: str, folder: Path) -> None:
    """Runs a tool on a folder in a separate process with unseeded hashes.

    The interned strings of this process would change the bytes that the tool writes. Bytecode has no columns, which are
    6 % of the zip: tracebacks keep their lines.
    """
    variables = {"PYTHONHASHSEED": "0", "PYTHONNODEBUGRANGES": "1"}
    subprocess.run([sys.executable, "-m", module, str(folder)], env=variables, cwd=ROOT, check=True)
