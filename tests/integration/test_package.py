"""The deployment package."""

import ast
import json
import shutil
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from bidder.bundle import NAME, Finder
from tools import ROOT
from tools.bytecode import BEFORE_THE_BUNDLE
from tools.package import LIMIT, Package, package
from tools.slim import SUPPLIED, deployed_modules

UNCHECKED_HASH = 0b01
"""The flags of hash-based bytecode that Python does not compare with the source (PEP 552)."""


@pytest.fixture(scope="session")
def archive(built_package: Package) -> ZipFile:
    return ZipFile(built_package.archive)


def test_the_package_has_exactly_the_sources_that_functions_can_import(archive: ZipFile) -> None:
    imported = deployed_modules()
    sources = {name for name in archive.namelist() if name.startswith("bidder/") and name.endswith(".py")}
    assert sources == imported
    assert {"bidder/endpoints/bid.py", "bidder/consumers/ledger.py", "bidder/rollout/hooks.py"} <= sources
    assert {"bidder/entrances/handler.py", "bidder/entrances/lambda_events.py"} <= sources
    assert "bidder/cli/main.py" not in sources


def test_the_package_has_every_handler_of_the_template(archive: ZipFile, built_package: Package) -> None:
    functions = json.loads(built_package.template.read_text())["Resources"].values()
    handlers = {
        resource["Properties"]["Handler"] for resource in functions if resource["Type"] == "AWS::Serverless::Function"
    }
    assert "bidder.entrances.handler.handle" in handlers
    files = {handler.rpartition(".")[0].replace(".", "/") + ".py" for handler in handlers}
    assert files <= set(archive.namelist())


def test_the_package_has_the_dependencies_for_lambdas_platform(archive: ZipFile) -> None:
    names = archive.namelist()
    assert {"chalice/app.py", "pydantic/__init__.py", "aws_xray_sdk/__init__.py"} <= set(names)
    native = [name for name in names if name.endswith(".so")]
    assert any(name.startswith("pydantic_core/") for name in native)
    assert all("x86_64-linux" in name for name in native)


def test_the_package_lacks_the_libraries_of_the_lambda_runtime(archive: ZipFile) -> None:
    tops = {PurePosixPath(name).parts[0].removesuffix(".py") for name in archive.namelist()}
    assert not tops & SUPPLIED


def test_every_module_has_bytecode_that_does_not_depend_on_timestamps(archive: ZipFile, tmp_path: Path) -> None:
    names = [PurePosixPath(name) for name in archive.namelist()]
    bytecode_files = [name for name in names if name.suffix == ".pyc"]
    single = {str(name.parent.parent / f"{name.stem.partition('.')[0]}.py") for name in bytecode_files}
    assert single == BEFORE_THE_BUNDLE
    archive.extract(NAME, tmp_path)
    assert Finder(str(tmp_path)).sources | single == {str(name) for name in names if name.suffix == ".py"}
    assert {int.from_bytes(archive.read(str(name))[4:8], "little") for name in bytecode_files} == {UNCHECKED_HASH}


def test_sources_of_the_bidder_are_complete_for_tracebacks(archive: ZipFile) -> None:
    assert {entry.filename for entry in archive.infolist() if entry.file_size} >= deployed_modules()


def test_third_party_sources_have_no_docstrings(archive: ZipFile) -> None:
    others = [name for name in archive.namelist() if name.endswith(".py") and not name.startswith("bidder/")]
    assert "class SQSEvent" in archive.read("chalice/app.py").decode()
    assert all(ast.get_docstring(ast.parse(archive.read(name))) in {None, ""} for name in others if name != "app.py")
    assert b"\nVersion: " in archive.read(
        next(name for name in archive.namelist() if name.startswith("pydantic_core-"))
    )


def test_the_package_is_small_enough_for_a_cold_start(built_package: Package) -> None:
    assert built_package.archive.stat().st_size < LIMIT


def test_equal_sources_give_equal_bytes_even_in_a_path_with_a_space(built_package: Package, tmp_path: Path) -> None:
    project = tmp_path / "a blank" / "project"
    shutil.copytree(ROOT / "bidder", project / "bidder", ignore=shutil.ignore_patterns("__pycache__"))
    for name in (".chalice", "app.py", "requirements.txt", "tools", "vendor"):
        (project / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "build" / "wheels", project / "build" / "wheels")
    second_package = package(project)
    assert second_package.archive.read_bytes() == built_package.archive.read_bytes()
    assert second_package.template.read_text() == built_package.template.read_text()


def test_an_unchanged_package_is_not_built_again(built_package: Package) -> None:
    before = built_package.archive.stat().st_mtime_ns
    assert package().archive.stat().st_mtime_ns == before
