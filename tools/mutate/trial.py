"""Tries the tests on one mutant, in a process forked from a process that has loaded the libraries.

No file changes: the fork compiles the mutated code when the module is imported. So trials can run in parallel.
"""

import ast
import importlib.machinery
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

QUICK, THOROUGH = "mutants", "survivors"
"""Profiles of Hypothesis: one with few examples, one with as many as `make test`. Neither shrinks failures."""
WALL_PER_CPU = 10
"""The time limit of a trial in seconds for each second of CPU, on a machine with other work."""


class SelectedTests:
    """A pytest plugin that runs the tests of these node ids or files, in their order.

    It records the failed tests and the duration of each. A test that no longer exists is skipped.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._order = {name: position for position, name in enumerate(names)}
        self.failed: set[str] = set()
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((item for item in items if self._rank(item) < len(self._order)), key=self._rank)

    def _rank(self, item: pytest.Item) -> int:
        """The position of the test or of its file in the list; after all others if neither is in the list."""
        file = item.nodeid.partition("::")[0]
        return self._order.get(item.nodeid, self._order.get(file, len(self._order)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)


def load_libraries() -> None:
    """Imports the libraries that every trial needs, without the product and its tests."""
    import boto3  # noqa: F401
    import hypothesis  # noqa: F401
    import jsonschema  # noqa: F401
    import lxml.etree  # noqa: F401
    import moto
    import moto.dynamodb.models
    import moto.s3.models  # noqa: F401
    import pydantic  # noqa: F401


def run_tests(names: Sequence[str], profile: str, *, stop: bool) -> tuple[int, SelectedTests]:
    """The exit code of pytest for these tests, and the outcome of each."""
    selected = SelectedTests(names)
    files = list(dict.fromkeys(name.partition("::")[0] for name in names))
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "--no-header",
        "--tb=no",
        "--assert=plain",
        f"--hypothesis-profile={profile}",
    ]
    code = pytest.main([*options, *(["-x"] if stop else []), *files], plugins=[selected])
    return int(code), selected


def mutate_import(path: Path, module: ast.Module) -> None:
    """Makes this process import the file as the mutated module."""
    loaders: Any = importlib.machinery.SourceFileLoader
    original = loaders.get_code
    code = compile(module, str(path), "exec", dont_inherit=True)

    def get_code(loader: importlib.machinery.SourceFileLoader, name: str) -> CodeType | None:
        return code if Path(loader.path).absolute() == path.absolute() else original(loader, name)

    loaders.get_code = get_code


class Trial:
    """A forked process with limits of CPU and of time. Its exit code states how it ended."""

    def __init__(self, work: Callable[[], int], cpu_seconds: float) -> None:
        self._ends = time.monotonic() + WALL_PER_CPU * cpu_seconds
        self.pid = os.fork()
        if self.pid:
            return
        code = 70
        try:
            os.setsid()
            with Path(os.devnull).open("r+b") as nothing:
                for stream in (0, 1, 2):
                    os.dup2(nothing.fileno(), stream)
            sys.dont_write_bytecode = True
            resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds), int(cpu_seconds) + 5))
            code = work()
        finally:
            os._exit(code)

    def poll(self) -> int | None:
        """The exit code, negative for a signal, or None while the process runs.

        A trial past its time limit is killed.
        """
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > self._ends:
            os.killpg(self.pid, signal.SIGKILL)
        return None
