"""`make bench-compare`: which revisions and which rows can be compared."""

import inspect
import json
from pathlib import Path

import pytest

from loadtest.bench import compare, decision
from loadtest.bench.compare import NotComparable, Variant, _turn, compare_revisions, snapshot_options

DECISION = """
def campaigns(rng, count): return ["own"] * count
def snapshot(count, now, participation=None): return campaigns(None, count), participation
def decision(held, now):
    print('{"event":"snapshot.loaded"}')
    return lambda body: (body, held)
"""
MEASURE = "def interleaved(calls, inputs, rounds): return {str(call(inputs[0])): [1.0] for call in calls.values()}\n"
MODEL = "class {}:\n    model_validate = model_validate_json = staticmethod(lambda document: document)\n"


@pytest.fixture
def workload(tmp_path: Path) -> Path:
    path = tmp_path / "workload.json"
    path.write_text(json.dumps({"requests": ["{}", "{}"], "campaigns": [{"id": "a"}, {"id": "b"}]}))
    return path


def _tree(folder: Path, **modules: str) -> Path:
    sources = {
        "loadtest/bench/decision": DECISION,
        "loadtest/bench/measure": MEASURE,
        "bidder/campaigns/campaign": MODEL.format("Campaign"),
        "bidder/openrtb/bid_request": MODEL.format("BidRequest"),
    }
    for name, source in (sources | modules).items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        for package in (path.parent, path.parent.parent):
            if package != folder:
                (package / "__init__.py").touch()
    return folder


def test_another_revision_measures_the_workload_of_this_checkout(tmp_path: Path, workload: Path) -> None:
    tree = _tree(tmp_path / "base")
    assert snapshot_options(tree, workload, "base") == {"count", "now", "participation"}
    variants = [Variant("decision", 1, {}), Variant("decision, paced", 2, {"participation": 0.5})]
    seconds = _turn(tree, workload, "base", json.dumps(variants))
    assert list(seconds) == ["b'{}'", "(b'{}', ([{'id': 'a'}], None))", "(b'{}', ([{'id': 'a'}, {'id': 'b'}], 0.5))"]


@pytest.mark.parametrize(
    ("modules", "reason"),
    [
        (
            {"loadtest/bench/decision": "campaigns = None"},
            r"it has no loadtest\.bench\.decision\.snapshot, loadtest\.bench\.decision\.decision$",
        ),
        ({"loadtest/bench/decision": "import gone_package"}, "No module named 'gone_package'$"),
        ({"bidder/campaigns/campaign": "raise KeyError('deals')"}, "KeyError: 'deals'$"),
    ],
)
def test_a_revision_that_cannot_run_the_workload_is_refused_with_a_reason(
    modules: dict[str, str], reason: str, tmp_path: Path, workload: Path
) -> None:
    tree = _tree(tmp_path / "base", **modules)
    with pytest.raises(NotComparable, match=f"^old cannot run the benchmark of this checkout: .*{reason}"):
        snapshot_options(tree, workload, "old")


def test_a_revision_without_a_benchmark_never_measures_this_checkout(tmp_path: Path, workload: Path) -> None:
    tree = tmp_path / "base"
    tree.mkdir()
    with pytest.raises(NotComparable, match=r"it has no bidder\.campaigns\.campaign|No module named"):
        snapshot_options(tree, workload, "old")


def test_an_unknown_revision_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main("no-such-revision") == 2
    assert "there is no revision 'no-such-revision'" in capsys.readouterr().err


def test_each_row_has_the_medians_of_the_turns() -> None:
    base = {"parse": [(10.0, 20.0, 1.0)], "decision 1200": [(40.0, 80.0, 4.0), (50.0, 90.0, 5.0), (9.0, 9.0, 9.0)]}
    here = {"parse": [(10.0, 20.0, 1.0)], "decision 1200": [(30.0, 1_100.0, 2.5)]}
    assert compare_revisions([Variant("decision", 1200, {})], base, here) == [
        ("parse", "", "10", "10", "20", "20", "1.00", "1.00", "1.00"),
        ("decision", "1,200", "40", "30", "80", "1,100", "5.00", "2.50", "0.50"),
    ]


def test_this_checkout_measures_every_variant() -> None:
    parameters = inspect.signature(decision.snapshot).parameters
    assert all(variant.options.keys() <= set(parameters) for variant in compare.VARIANTS)
