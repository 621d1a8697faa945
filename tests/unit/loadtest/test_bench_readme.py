"""README's table and plot of the benchmarks, made of the record docs/bench.json."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loadtest.bench import __main__ as run
from loadtest.bench import plot, readme
from loadtest.bench.headline import invocations, section, with_section
from loadtest.bench.measure import BenchRow, row
from loadtest.bench.record import UnreadableRecord, read_record, write_record

NOOP, BID = [700.0, 800.0], [1400.0, 2400.0]
ROWS = [
    row("warm invoke, no-op", None, NOOP, "warm invoke, no-op", NOOP, "mixed"),
    row("warm invoke", 13, BID, "warm invoke, no-op", NOOP, "mixed"),
    row("first invoke, no-op", None, [27_000.0], "first invoke, no-op", [27_000.0], "video"),
    row("first invoke", 10_000, [94_500.0], "first invoke, no-op", [27_000.0], "video"),
    row("parse", None, [30.0], "parse", [30.0]),
]
AT = datetime(2026, 11, 26, 9, 21, tzinfo=UTC)


def test_readme_has_the_figures_of_the_committed_record() -> None:
    assert section(read_record(readme.RECORD)) in readme.README.read_text(), (
        "run `make bench-readme RECORD=docs/bench.json`"
    )


def test_the_committed_plot_shows_the_committed_record() -> None:
    assert f"<dc:title>{plot.title(read_record(readme.RECORD))}</dc:title>" in readme.PLOT.read_text()


def test_a_table_has_each_invocation_beside_its_no_op(tmp_path: Path) -> None:
    write_record(ROWS, AT, tmp_path / "bench.json")
    record = read_record(tmp_path / "bench.json")
    assert record.rows == ROWS
    assert [(part.kind, part.noop.p50_us, [bid.campaigns for bid in part.bids]) for part in invocations(record)] == [
        ("warm", 700, [13]),
        ("first", 27_000, [10_000]),
    ]
    lines = section(record).splitlines()
    assert lines[3:7] == [
        "| warm, no-op | | 0.70 | 0.80 | | |",
        "| warm | 13 | 1.40 | 2.40 | 2.00 | 3.00 |",
        "| first, no-op | | 27.0 | 27.0 | | |",
        "| first | 10,000 | 94.5 | 94.5 | 3.50 | 3.50 |",
    ]
    assert "Measured on 2026-11-26" in lines[8]


def test_the_figures_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    write_record(ROWS, AT, tmp_path / "bench.json")
    new = read_record(tmp_path / "bench.json")
    text = f"# Title\n\n{section(read_record(readme.RECORD))}\n\nafter\n"
    assert with_section(text, new) == f"# Title\n\n{section(new)}\n\nafter\n"
    with pytest.raises(ValueError, match="no lines between"):
        with_section("# Title\n", new)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "run `make bench` first"),
        ("[]", "bench.json: .*write it again"),
        ('{"at": "yesterday"}', "bench.json: at: .*write it again"),
    ],
)
def test_another_file_is_refused(text: str | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UnreadableRecord, match=message):
        read_record(path)


def test_a_run_without_the_lambda_runtime_changes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("README", "RECORD", "PLOT"):
        monkeypatch.setattr(readme, name, tmp_path / name)
    readme.README.write_text(section(read_record(Path(__file__).parents[3] / "docs" / "bench.json")))
    before = readme.README.read_text()
    write_record(ROWS[4:], AT, tmp_path / "bench.json")
    assert readme.main(tmp_path / "bench.json") == 2
    assert "no warm invocations under the Lambda runtime" in capsys.readouterr().err
    assert (readme.README.read_text(), readme.RECORD.exists(), readme.PLOT.exists()) == (before, False, False)


def test_the_record_names_this_machine(tmp_path: Path) -> None:
    write_record(ROWS, AT, tmp_path / "bench.json")
    machine = json.loads((tmp_path / "bench.json").read_text())["machine"]
    assert all(machine.values())


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "files"), [(ROWS, {"bench.json", "bench.svg"}), (ROWS[4:], {"bench.json"})])
def test_a_run_writes_its_record_and_its_plot(
    rows: list[BenchRow], files: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (run.runtime, run.decision, run.ledger, run.matching, run.load, run.freshness):
        monkeypatch.setattr(module, "rows", lambda *_: [])
    monkeypatch.setattr(run.runtime, "rows", lambda: rows)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setattr(run, "RESULT", tmp_path / "build" / "bench.json")
    monkeypatch.setattr(run, "PLOT", tmp_path / "build" / "bench.svg")
    assert run.main() == 0
    assert {path.name for path in (tmp_path / "build").iterdir()} == files
    assert read_record(tmp_path / "build" / "bench.json").rows == rows
