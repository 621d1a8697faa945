"""The record of a run of the benchmarks, build/bench.json: the machine, the revision, the time, and the rows."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bidder.errors import UserError
from loadtest.bench.measure import BenchRow
from tools import ROOT

RESULT = ROOT / "build" / "bench.json"


class UnreadableRecord(UserError, ValueError):
    """The file is not a record of a run; the message has the remedy."""


@dataclass(frozen=True)
class Machine:
    """The machine of a run. `memory_gb` are gibibytes."""

    processor: str
    cores: int
    memory_gb: int
    system: str
    python: str


@dataclass(frozen=True)
class BenchRecord:
    """A run. `revision` is git's, with `-dirty` after a change that is not committed; None outside a checkout."""

    at: datetime
    revision: str | None
    machine: Machine
    rows: list[BenchRow]


def this_machine() -> Machine:
    """The machine that runs this program."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    return Machine(
        processor=model[1] if model else platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def this_revision() -> str | None:
    """The revision of the checkout, or None if this is no checkout of git."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=10"]
    process = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    return process.stdout.strip() if process.returncode == 0 else None


def write_record(rows: Sequence[BenchRow], at: datetime, path: Path) -> None:
    """Writes the record of a run of this checkout on this machine that ended `at`."""
    document = {
        "at": at.isoformat(timespec="seconds"),
        "revision": this_revision(),
        "machine": asdict(this_machine()),
        "rows": [row.record() for row in rows],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_record(path: Path) -> BenchRecord:
    """Reads a record. Raises UnreadableRecord for a missing file and for one of another format."""
    try:
        return TypeAdapter(BenchRecord).validate_json(path.read_bytes())
    except FileNotFoundError:
        msg = f"there is no {path}: run `make bench` first"
        raise UnreadableRecord(msg) from None
    except ValidationError as error:
        [first, *_] = error.errors()
        where = ".".join(map(str, first["loc"]))
        msg = f"{path}: {f'{where}: ' if where else ''}{first['msg']}; write it again with `make bench`"
        raise UnreadableRecord(msg) from None
