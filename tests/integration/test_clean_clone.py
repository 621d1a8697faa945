"""The commands of CodeBuild in a clean checkout of a commit."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tools import ROOT
from tools.package import NotPackaged, find_package
from tools.processes import local_environment


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the tracked files in their current state, with the virtual environment and caches of this checkout."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if tracked.returncode:
        pytest.skip("not a git checkout")
    target = tmp_path / "clone"
    for name in filter(None, tracked.stdout.split("\0")):
        if (source := ROOT / name).exists() or source.is_symlink():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    for requirements in target.glob("requirements*.txt"):
        os.utime(requirements, (0, 0))  # older than the installed packages, so that make does not install them again
    (target / "build").mkdir(exist_ok=True)
    for name in (".venv", "build/wheels"):
        if (ROOT / name).exists():
            (target / name).symlink_to(ROOT / name)
    return target


def test_the_builds_commands_run_in_a_clean_clone(clone: Path) -> None:
    spec = yaml.safe_load((clone / "buildspec.yml").read_text())
    commands = [command for phase in spec["phases"].values() for command in phase.get("commands", [])]
    # running all tests within a test would recurse; checkov is a download of 200 MB, and mkdocs one of 25 MB
    left_out = {"make test", "make security", "make docs"}
    assert left_out < set(commands)
    environment = local_environment() | {"MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}
    for command in commands:
        if command in left_out:
            continue
        shell = ["/bin/bash", "-c", command]
        process = subprocess.run(shell, cwd=clone, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  our own buildspec
        assert process.returncode == 0, f"{command}\n{process.stdout[-4000:]}\n{process.stderr[-4000:]}"
    result = find_package(clone)
    assert result.archive.exists()
    assert result.template.exists()
    (clone / "app.py").write_text("# changed\n")
    with pytest.raises(NotPackaged, match="Run make package"):
        find_package(clone)
