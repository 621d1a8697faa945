"""`python -m loadtest.bench.compare BASE`: compares the decision of this checkout with another revision, in turns.

Each revision runs in separate processes, alternately, so that other work on the machine affects both equally. Both
revisions get the requests and the campaigns of this checkout, and use the packages of its virtual environment.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, NamedTuple

from bidder.cli.table import table
from bidder.errors import UserError
from loadtest.bench import decision, turn
from loadtest.bench.campaigns import documents
from loadtest.bench.measure import percentile
from tools import ROOT

TURNS = 5
HEADINGS = ("", "campaigns", "p50 us", "here", "p99 us", "here", "to parse", "here", "here / base")


class Variant(NamedTuple):
    """A decision that is measured, and the options of its snapshot."""

    name: str
    campaigns: int
    options: dict[str, Any]


_MOST = max(decision.COUNTS)
VARIANTS = (
    *(Variant("decision", count, {}) for count in decision.COUNTS),
    Variant("decision, paced", _MOST, {"participation": decision.PARTICIPATION}),
    Variant("decision, goals", _MOST, {"with_goals": True}),
    Variant("decision, best first", _MOST, {"participation": decision.PARTICIPATION, "with_goals": True}),
)
Figures = Mapping[str, Sequence[tuple[float, float, float]]]
"""By call: p50, p99, and the p50 as a multiple of the p50 of parsing the same requests, of each turn."""


class NotComparable(UserError, ValueError):
    """The revision does not exist, or cannot run this checkout's workload; the message says which."""


def main(base: str) -> int:
    """Prints p50, p99 and the ratio to parsing of both revisions, and the ratio of the ratios.

    Returns the exit status.
    """
    try:
        with _checkout(base) as folder:
            trees = {base: folder, "here": ROOT}
            workload = folder.parent / "workload.json"
            write_workload(workload)
            options = set.intersection(*(snapshot_options(tree, workload, name) for name, tree in trees.items()))
            variants = [variant for variant in VARIANTS if variant.options.keys() <= options]
            figures = _in_turns(trees, workload, variants)
    except NotComparable as error:
        print(f"bench-compare: {error}", file=sys.stderr)
        return 2
    print(table(HEADINGS, compare_revisions(variants, figures[base], figures["here"])))
    left_out = [variant.name for variant in VARIANTS if variant not in variants]
    if left_out:
        print(f"Not compared, since {base} cannot measure it: {'; '.join(left_out)}.")
    return 0


def write_workload(path: Path) -> None:
    """Writes the requests and the campaigns of this checkout as JSON."""
    requests = [body.decode() for body in decision.video_requests(decision.REQUESTS)]
    book = documents(Random(decision.SEED), _MOST)  # noqa: S311  a repeatable draw, not a secret
    path.write_text(json.dumps({"requests": requests, "campaigns": book}), encoding="utf-8")


def snapshot_options(tree: Path, workload: Path, revision: str) -> set[str]:
    """The options that a checkout's snapshots have. Raises NotComparable if it cannot run the benchmark at all."""
    return set(_turn(tree, workload, revision))


def _in_turns(trees: Mapping[str, Path], workload: Path, variants: Sequence[Variant]) -> dict[str, Figures]:
    figures = {name: defaultdict[str, list[tuple[float, float, float]]](list) for name in trees}
    for number in range(TURNS):
        for name, tree in trees.items():
            print(f"bench-compare: turn {number + 1} of {TURNS}, {name} …", file=sys.stderr, flush=True)
            for call, measured in measured_calls(tree, workload, name, variants).items():
                figures[name][call].append(measured)
    return dict(figures)


def measured_calls(
    tree: Path, workload: Path, revision: str, variants: Sequence[Variant]
) -> dict[str, tuple[float, float, float]]:
    """The figures of each call of a checkout in one turn. Raises NotComparable if it cannot run the workload."""
    seconds = _turn(tree, workload, revision, json.dumps(variants))
    parse = percentile(seconds["parse"], 0.5)
    medians = {call: percentile(times, 0.5) for call, times in seconds.items()}
    return {call: (medians[call], percentile(times, 0.99), medians[call] / parse) for call, times in seconds.items()}


def compare_revisions(variants: Sequence[Variant], base: Figures, here: Figures) -> list[tuple[str, ...]]:
    """The medians of the turns of both revisions, by call."""
    rows = []
    calls = [("parse", "parse", ""), *((f"{name} {count}", name, f"{count:,}") for name, count, _ in variants)]
    for call, name, count in calls:
        old, new = ([median(values) for values in zip(*turns, strict=True)] for turns in (base[call], here[call]))
        times = [f"{value:,.0f}" for pair in zip(old[:2], new[:2], strict=True) for value in pair]
        rows.append((name, count, *times, f"{old[2]:.2f}", f"{new[2]:.2f}", f"{new[2] / old[2]:.2f}"))
    return rows


@contextmanager
def _checkout(revision: str) -> Iterator[Path]:
    """A checkout of a revision in a separate folder. Raises NotComparable for an unknown revision."""
    if _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").returncode:
        msg = f"there is no revision {revision!r} in this repository: make bench-compare BASE=HEAD~1"
        raise NotComparable(msg)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve() / "base"
        _git("worktree", "add", "--quiet", "--detach", str(folder), revision).check_returncode()
        try:
            yield folder
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=False, stdout=subprocess.DEVNULL)  # noqa: S603, S607


def _turn(tree: Path, workload: Path, revision: str, *variants: str) -> Any:
    """The output of this checkout's `loadtest.bench.turn` in another checkout, which may be older than the program."""
    text = Path(turn.__file__).read_text(encoding="utf-8")
    command = [sys.executable, "-c", text, str(workload), *variants]
    process = subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True)  # noqa: S603
    if process.returncode:
        reason = (process.stderr.strip() or f"exit status {process.returncode}").splitlines()[-1]
        msg = f"{revision} cannot run the benchmark of this checkout: {reason}"
        raise NotComparable(msg)
    return json.loads(process.stdout.splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
