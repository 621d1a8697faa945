"""The simulator: the same bytes for the same seed, every scenario of ours is read, and budgets are kept."""

import json
from pathlib import Path
from typing import Any

import pytest

from bidder.simulator import scenario as module
from bidder.simulator.scenario import InvalidScenario, Scenario, read_scenario
from bidder.simulator.simulate import simulate

SCENARIOS = Path(module.__file__).parent / "scenarios"
SMALL: dict[str, Any] = {
    "hours": 3,
    "scale": 1,
    "traffic": {"requests_per_day": 12_000},
    "environments": {"count": 3},
    "campaigns": [{"id": "c", "cpm": 3, "budget": {"hourly": 0.3}}],
}


def run(**changes: Any) -> dict[str, Any]:
    return simulate(Scenario.model_validate({**SMALL, **changes}), Path()).figures


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scenario_is_read(path: Path) -> None:
    scenario = read_scenario(path)

    assert scenario.name == path.stem


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert json.dumps(run()) == json.dumps(run())
    assert json.dumps(run()) != json.dumps(run(seed=2))


def test_budgets_by_the_hour_are_kept_and_spent() -> None:
    [row] = run()["campaigns"]

    assert row["budget_micros"] == 900_000
    assert row["overspend_share"] <= 0.01 + 1e-6, "an impression's price of 0.30 is a hundredth"
    assert row["delivered_share"] > 0.95


def test_events_happen_at_their_times() -> None:
    budget = {"budget": {"hourly": 3}}
    plain = run(campaigns=[{"id": "c", "cpm": 3, **budget}])["campaigns"][0]
    out = run(campaigns=[{"id": "c", "cpm": 3, **budget}], events=[{"at_hour": 1, "kind": "outage", "minutes": 60}])[
        "campaigns"
    ][0]

    assert out["spent_micros"] < 0.75 * plain["spent_micros"]


def test_a_tenth_of_the_notices_lost_is_made_up_for() -> None:
    lost = run(notices={"lost": 0.5}, beside=["asap"], hours=2)

    assert lost["beside"]["asap"]["campaigns"][0]["spent_micros"] > lost["campaigns"][0]["spent_micros"]


def test_a_wrong_scenario_is_told_by_its_field(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("campaigns: [{id: a, cpm: 1}]\nevents: [{at_hour: 1, kind: spike}]\ntraffic: {curve: [1, 2]}\n")

    with pytest.raises(InvalidScenario, match=r"traffic: .*curve has 2 shares") as output:
        read_scenario(path)
    assert "spike needs minutes" in str(output.value)
