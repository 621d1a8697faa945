"""Modules of the package are imported from one file with bytecode."""

import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from bidder.bundle import NAME, Finder, install
from tools import ROOT
from tools.bytecode import BEFORE_THE_BUNDLE, bundle_files, compile_source

SOURCES = {
    "bundled_example/__init__.py": b"from bundled_example.rates.euro import RATE as HELD\n",
    "bundled_example/rates/__init__.py": b"",
    "bundled_example/rates/euro.py": b"from . import __name__ as PARENT\nRATE = 1.08\n",
    "bundled_alone.py": b"def divide():\n    return 1 / 0\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a bundle and without sources."""
    (tmp_path / NAME).write_bytes(
        bundle_files({path: compile_source(text, f"/var/task/{path}") for path, text in SOURCES.items()})
    )
    return tmp_path


@pytest.fixture
def installed(root: Path) -> Iterator[Path]:
    before, names = list(sys.meta_path), set(sys.modules)
    install(str(root))
    yield root
    sys.meta_path[:] = before
    for name in set(sys.modules) - names:
        del sys.modules[name]


def test_packages_and_modules_of_the_bundle_are_imported(installed: Path) -> None:
    package = import_module("bundled_example")
    euro = import_module("bundled_example.rates.euro")
    assert (package.HELD, euro.RATE, euro.PARENT) == (1.08, 1.08, "bundled_example.rates")
    assert package.__path__ == [str(installed / "bundled_example")]
    assert euro.__package__ == "bundled_example.rates"
    assert euro.__file__ == str(installed / "bundled_example/rates/euro.py")


@pytest.mark.usefixtures("installed")
def test_a_traceback_names_the_deployed_source() -> None:
    with pytest.raises(ZeroDivisionError) as error:
        import_module("bundled_alone").divide()
    assert error.traceback[-1].frame.code.raw.co_filename == "/var/task/bundled_alone.py"


def test_data_files_are_read_from_the_folder_of_the_sources(installed: Path) -> None:
    (installed / "bundled_example").mkdir()
    (installed / "bundled_example/rules.json").write_bytes(b"{}")
    assert pkgutil.get_data("bundled_example", "rules.json") == b"{}"


def test_other_modules_are_not_in_the_bundle(root: Path) -> None:
    assert Finder(str(root)).find_spec("bundled_example.dollar") is None


def test_another_version_of_python_imports_the_sources(root: Path) -> None:
    content = (root / NAME).read_bytes()
    (root / NAME).write_bytes(bytes([content[0] ^ 1]) + content[1:])
    assert content.startswith(MAGIC_NUMBER)
    assert Finder(str(root)).find_spec("bundled_alone") is None


def test_without_a_bundle_the_sources_are_imported(tmp_path: Path) -> None:
    before = list(sys.meta_path)
    install(str(tmp_path))
    assert sys.meta_path == before


def test_no_module_of_the_package_is_imported_before_the_bundle() -> None:
    """An earlier module would be compiled in every cold start."""
    program = "import sys; sys.meta_path.insert(0, type('Log', (), {'find_spec': print})); import bidder"
    process = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    modules = [line.split()[0] for line in process.stdout.splitlines() if line.startswith("bidder")]
    assert modules == ["bidder", "bidder.bundle"]
    assert {"bidder/__init__.py", "bidder/bundle.py"} < BEFORE_THE_BUNDLE
