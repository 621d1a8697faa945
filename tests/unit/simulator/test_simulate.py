"""The simulator: deterministic for a seed, reads every packaged scenario, and keeps budgets."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bidder.simulator import scenario as module
from bidder.simulator.campaigns import edit_document
from bidder.simulator.happenings import Happenings
from bidder.simulator.scenario import InvalidScenario, Scenario, ScenarioEvent
from bidder.simulator.scenario_file import read_scenario
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
def test_every_packaged_scenario_is_read(path: Path) -> None:
    scenario = read_scenario(path)

    assert scenario.name == path.stem


@pytest.mark.slow
def test_equal_seeds_give_equal_bytes_and_different_seeds_different_bytes() -> None:
    first = json.dumps(run(hours=1, explored=0.05))
    assert first == json.dumps(run(hours=1, explored=0.05))
    assert first != json.dumps(run(hours=1, explored=0.05, seed=2))


@pytest.mark.slow
def test_hourly_budgets_are_spent_and_not_exceeded() -> None:
    [row] = run()["campaigns"]

    assert row["budget_micros"] == 900_000
    assert row["overspend_share"] <= 0.01 + 1e-6, "an impression's price of 0.30 is a hundredth"
    assert row["delivered_share"] > 0.95


@pytest.mark.slow
def test_events_happen_at_their_times() -> None:
    budget = {"budget": {"hourly": 3}}
    undisturbed = run(campaigns=[{"id": "c", "cpm": 3, **budget}])["campaigns"][0]
    out = run(campaigns=[{"id": "c", "cpm": 3, **budget}], events=[{"at_hour": 1, "kind": "outage", "minutes": 60}])[
        "campaigns"
    ][0]

    assert out["spent_micros"] < 0.75 * undisturbed["spent_micros"]


@pytest.mark.slow
def test_a_loss_of_a_tenth_of_notices_is_compensated() -> None:
    lost = run(notices={"lost": 0.5}, beside=["asap"], hours=2)

    assert lost["beside"]["asap"]["campaigns"][0]["spent_micros"] > lost["campaigns"][0]["spent_micros"]


def test_an_invalid_scenario_is_reported_with_its_field(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text("campaigns: [{id: a, cpm: 1}]\nevents: [{at_hour: 1, kind: spike}]\ntraffic: {curve: [1, 2]}\n")

    with pytest.raises(InvalidScenario, match=r"traffic: .*curve has 2 shares") as error:
        read_scenario(path)
    assert "spike needs minutes" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("campagins: [{id: a, cpm: 1}]\n", r"wrong.yaml:1:1: campagins: .*campaigns"),
        (
            "campaigns:\n  - {id: a, cpm: 1}\n  - {id: a, cpm: 2}\n",
            r"wrong.yaml:3:5: campaigns\[a\]: the id a is given twice",
        ),
        ("campaigns:\n  - {id: a, cmp: 1}\n", "wrong.yaml:2:"),
        (
            "campaigns: [{id: spring, cpm: 1}]\n"
            "events:\n  - {kind: edit, at_hour: 1, campaign: sprng, change: {cpm: 2}}\n",
            "wrong.yaml:3:.*no campaign has the id 'sprng'; did you mean spring?",
        ),
        (
            "campaigns: [{id: a, cpm: 1}]\nevents:\n"
            "  - {kind: edit, at_hour: 1, campaign: a, change: {budget: {daily: 0}}}\n",
            "wrong.yaml:3:.*budget.daily.*must be more than 0; `status: paused` stops",
        ),
        ("campaigns: [{id: a, cpm: 1}]\ntraffic: {time_zone: Europe/Berln}\n", "wrong.yaml:2:.*not a zone of the IANA"),
        ("campaigns: [{id: a, cpm: 1}]\nrequests: [{openrtb: {imp: 3}}]\n", "wrong.yaml:2:.*imp"),
        ("campaigns: [{id: a, cpm: 1}]\ntraffic: {curve: [%s]}\n" % ("0, " * 23 + "0"), "curve has only zeros"),
    ],
)
def test_an_invalid_scenario_is_reported_with_its_line_before_the_run(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)

    with pytest.raises(InvalidScenario) as error:
        read_scenario(path)
    assert re.search(message, str(error.value)), error.value


def test_an_edit_replaces_an_amount_in_either_spelling() -> None:
    assert edit_document(
        {"id": "a", "cpm": 3, "budget": {"daily": 5, "total": 9}}, {"cpm_micros": 1, "budget": {"daily": 7}}
    ) == {
        "id": "a",
        "cpm_micros": 1,
        "budget": {"daily": 7, "total": 9},
    }


@pytest.mark.slow
def test_frequency_caps_of_users_are_kept() -> None:
    document = {"id": "c", "cpm": 9, "frequency_caps": [{"impressions": 2, "window": "day"}]}
    changes: dict[str, Any] = {"notices": {"delay_seconds": 0}, "campaigns": [document]}

    capped = run(traffic={"requests_per_day": 12_000, "users": 100}, **changes)["campaigns"][0]

    assert 195 <= capped["impressions"] <= 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"hours": 0.55, "start": "2026-03-02T10:17:31Z"},
        {"refresh_seconds": 45},
        {"refresh_seconds": 300},
        {"environments": {"count": 1}},
        {"environments": {"count": 50, "replaced_every_minutes": 0.2}},
        {"market": {"competitors": []}},
        {"market": {"shown": 0}},
        {"notices": {"lost": 1}},
        {"notices": {"delay_seconds": 7200}},
        {"traffic": {"requests_per_day": 12_000, "curve": [0] * 2 + [1] + [0] * 21}},
        {"events": [{"kind": "outage", "at_hour": 0, "minutes": 180}]},
        {"events": [{"kind": "refresh_stuck", "at_hour": 0, "minutes": 15}]},
        {"campaigns": [{"id": "c", "cpm": 3, "budget": {"daily": 0.001}}]},
        {"requests": [{"openrtb": {"imp": [{"video": {"poddur": 60, "podid": "p", "maxduration": 30}}]}}]},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_unusual_scenarios_run_to_their_end(changes: dict[str, Any]) -> None:
    figures = run(**{"hours": 2, **changes})

    [row] = figures["campaigns"]
    assert row["impressions"] >= 0
    assert row["evenness"] >= 0
    json.dumps(figures, allow_nan=False)


def test_the_figures_are_the_documented_ones() -> None:
    figures = run(hours=1)

    for row in (*figures["campaigns"], figures["totals"]):
        expected = {"budget_micros", "spent_micros", "plan_micros", "overspend_share", "delivered_share", "evenness"}
        assert expected | {"impressions", "cpm_micros"} <= row.keys()


def test_an_event_is_active_from_its_time_to_its_end() -> None:
    events = [
        ScenarioEvent(kind="spike", at_hour=1, minutes=30, factor=2),
        ScenarioEvent(kind="spike", at_hour=1.25, minutes=30, factor=3),
        ScenarioEvent(kind="prices", at_hour=2, factor=5),
    ]
    happenings = Happenings(events, 0.0)

    assert [happenings.factor("spike", hour * 3600) for hour in (0.99, 1, 1.25, 1.5, 1.75)] == [1, 2, 6, 3, 1]
    assert happenings.factor("prices", 1e9) == 5
    assert not happenings.is_under_way("outage", 3600)


@pytest.mark.slow
def test_competitors_bid_more_on_kinds_of_requests_with_a_higher_price_factor() -> None:
    kinds = [
        {"price_factor": factor, "openrtb": {"device": {"devicetype": device}}}
        for factor, device in ((0.1, 3), (100, 4))
    ]
    campaigns = [
        {"id": f"c{device}", "cpm": 3, "targeting": {"device_type": {"include": [device]}}} for device in (3, 4)
    ]

    cheap, expensive_campaign = run(hours=1, requests=kinds, campaigns=campaigns)["campaigns"]

    assert cheap["win_rate"] == 1
    assert expensive_campaign["win_rate"] == 0
