"""`python -m loadtest.bench.compare BASE`: compares the decision of this checkout with another revision, in turns.

Each revision runs in separate processes, alternately, so that other work on the machine affects both equally. The
figure of a process is the decision's p50 as a multiple of the p50 of parsing the same requests.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bidder.cli.table import table
from tools import ROOT

TURNS = 5
_MEASURE = """
import json
from loadtest.bench import decision
print(json.dumps([(row.name, row.campaigns, row.p50_us, row.p99_us, row.ratio) for row in decision.rows()]))
"""
Figures = dict[tuple[str, int | None], list[tuple[float, ...]]]


def main(base: str) -> int:
    """Prints p50, p99 and the ratio to parsing of both revisions, and the ratio of the ratios.

    Returns the exit status.
    """
    with _checkout(base) as folder:
        figures: dict[str, Figures] = {base: defaultdict(list), "here": defaultdict(list)}
        for turn in range(TURNS):
            for revision, tree in ((base, folder), ("here", ROOT)):
                print(f"bench-compare: turn {turn + 1} of {TURNS}, {revision} …", file=sys.stderr, flush=True)
                for name, campaigns, *measured in _measured(tree):
                    figures[revision][name, campaigns].append(tuple(measured))
    rows = []
    for label, before in figures[base].items():
        after = figures["here"].get(label)
        if after:
            old, new = ([median(values) for values in zip(*taken, strict=True)] for taken in (before, after))
            name, campaigns = label
            count = "" if campaigns is None else f"{campaigns:,}"
            cells = [
                f"{old[0]:,.0f}",
                f"{new[0]:,.0f}",
                f"{old[1]:,.0f}",
                f"{new[1]:,.0f}",
                f"{old[2]:.2f}",
                f"{new[2]:.2f}",
            ]
            rows.append((name, count, *cells, f"{new[2] / old[2]:.2f}"))
    headings = ("", "campaigns", "p50 us", "here", "p99 us", "here", "to parse", "here", "here / base")
    print(table(headings, rows))
    return 0


@contextmanager
def _checkout(revision: str) -> Iterator[Path]:
    """A checkout of a revision in a separate folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "base"
        _git("worktree", "add", "--quiet", "--detach", str(folder), revision)
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True)  # noqa: S603, S607


def _measured(tree: Path) -> list[tuple[str, int | None, float, float, float]]:
    command = [sys.executable, "-c", _MEASURE]
    done = subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    figures: list[tuple[str, int | None, float, float, float]] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
