"""`python -m loadtest.bench [--million]`: prints a table of all benchmarks; writes build/bench.json and bench.svg."""

import subprocess
import sys
from datetime import UTC, datetime

from bidder.cli.table import table
from loadtest.bench import decision, freshness, ledger, load, matching, runtime
from loadtest.bench.measure import BenchRow
from loadtest.bench.plot import draw
from loadtest.bench.record import RESULT, UnreadableRecord, read_record, write_record
from tools import ROOT
from tools.lambda_runtime import NotOnThisMachine

PLOT = RESULT.with_suffix(".svg")
HEADINGS = ("", "workload", "campaigns", "p50 us", "p99 us", "ratio", "p99 ratio", "to", "MB", "build s")


def main() -> int:
    """Runs all benchmarks that this machine supports. Returns the exit status."""
    print("bench: the package under the Lambda runtime …", flush=True)
    rows: list[BenchRow] = []
    try:
        rows += runtime.rows()
    except NotOnThisMachine as error:
        print(f"bench: left out: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"bench: {error}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    print("bench: the decision in process …", flush=True)
    rows += decision.rows()
    print("bench: the ledger …", flush=True)
    rows += ledger.rows()
    print("bench: finding campaigns; this takes some minutes …", flush=True)
    rows += matching.rows((*matching.COUNTS, *([matching.MILLION] if "--million" in sys.argv[1:] else [])))
    print("bench: loading 100,000 campaigns, and bids while snapshots come in …", flush=True)
    rows += load.rows()
    rows += freshness.rows()
    print(table(HEADINGS, [_cells(row) for row in rows]))
    write_record(rows, datetime.now(UTC), RESULT)
    print(f"written: {RESULT.relative_to(ROOT)}")
    try:
        draw(read_record(RESULT), PLOT)
    except UnreadableRecord as error:
        print(f"bench: no plot: {error}", file=sys.stderr)
    else:
        print(f"written: {PLOT.relative_to(ROOT)}")
    return 0


def _cells(row: BenchRow) -> tuple[str, ...]:
    count = "" if row.campaigns is None else f"{row.campaigns:,}"
    baseline = "" if row.name == row.baseline else row.baseline
    size = ("" if row.mb is None else f"{row.mb:,}", "" if row.build_s is None else f"{row.build_s:,.1f}")
    return (
        row.name,
        row.workload or "",
        count,
        f"{row.p50_us:,.0f}",
        f"{row.p99_us:,.0f}",
        f"{row.ratio:.2f}",
        "" if row.p99_ratio is None else f"{row.p99_ratio:.2f}",
        baseline,
        *size,
    )


if __name__ == "__main__":
    sys.exit(main())
