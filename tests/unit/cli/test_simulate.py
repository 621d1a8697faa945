"""`bidder simulate`: figures as text and JSON, and plots, of a scenario with every kind of event."""

import json
from pathlib import Path
from typing import Any

import pytest

from bidder.cli.main import main
from bidder.cli.simulate import figures_table
from bidder.simulator.scenario import Scenario
from bidder.simulator.simulate import simulate

SCENARIO = """
name: busy
hours: 1.5
scale: 1
traffic: {requests_per_day: 6000, users: 50, curve_file: curve.csv, region: here}
environments: {count: 2, replaced_every_minutes: 30}
copies:
  - {count: 1, document: {id: copy, cpm: 3, budget: {daily: 2}}, budget_sigma: 0.2, cpm_sigma: 0.1}
campaigns: [{id: hourly, cpm: 4, budget: {hourly: 0.5}, time_zone: Europe/Berlin}]
explored: 0.1
market: {tells_min_to_win: 0.5, competitors: [{median_cpm: 2, sigma: 0.5}, {takes_part: 0.5, median_cpm: 3, sigma: 0}]}
events:
  - {at_hour: 0.2, kind: spike, minutes: 10, factor: 2}
  - {at_hour: 0.5, kind: edit, campaign: hourly, change: {budget: {hourly: 0.8}}}
  - {at_hour: 0.7, kind: prices, factor: 1.5}
  - {at_hour: 0.8, kind: notice_delay, seconds: 90}
  - {at_hour: 0.9, kind: notices_lost, share: 0.2, minutes: 5}
  - {at_hour: 1.0, kind: refresh_stuck, minutes: 5}
beside: [asap, linkedin, pid, unshaded, fixed_70, oracle]
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    rows = [f"here,{day},{hour},1" for day in range(1, 8) for hour in range(24)]
    (tmp_path / "curve.csv").write_text("\n".join(["# by us", "region,weekday,hour,share", *rows, "there,1,0,9"]))
    (tmp_path / "busy.yaml").write_text(SCENARIO)
    return tmp_path / "busy.yaml"


@pytest.mark.slow
def test_figures_and_plots_compare_each_campaign_with_other_pacing(
    scenario: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bidder.simulator.simulate._SAMPLE", 100)  # shorter and noisier than the default
    monkeypatch.setattr("bidder.cli.simulate._MAX_PLOTTED", 1)
    out = tmp_path / "out"

    assert main(["simulate", str(scenario), "--out", str(out), "--json"]) == 0

    output = json.loads(capsys.readouterr().out)
    assert json.loads((out / "figures.json").read_text()) == output
    names = {"copy-0", "hourly"}
    assert {path.name for path in out.iterdir()} == {"figures.json", "copy-0.svg", "copy-0.png"}, "the largest budget"
    assert all(path.stat().st_size > 10_000 for path in out.glob("copy-0.*"))
    assert set(output["beside"]) == {"asap", "linkedin", "pid", "unshaded", "fixed_70", "oracle"}
    figures: list[dict[str, Any]] = [output, *output["beside"].values()]
    assert all({row["id"] for row in figure["campaigns"]} == names for figure in figures)
    assert all(figure_item["totals"]["impressions"] > 0 for figure_item in figures)
    paid = {name: entry["totals"]["cpm_micros"] for name, entry in {"ours": output, **output["beside"]}.items()}
    assert paid["oracle"] < paid["unshaded"], "who knows the market pays less than who bids the value"

    rows = [line.split()[:2] for line in figures_table(output).splitlines()]
    assert rows[0] == ["pacing", "campaign"]
    assert sorted(name for arm, name in rows if arm == "bidder") == ["(all)", "copy-0", "hourly"]


@pytest.mark.slow
def test_a_missing_refresh_and_a_second_price_market_are_simulated(tmp_path: Path) -> None:
    scenario = Scenario.model_validate(
        {
            "hours": 0.5,
            "scale": 1,
            "traffic": {"requests_per_day": 3000, "curve": [1.0] * 24},
            "market": {"at": 2},
            "knows_traffic": False,
            "knows_rates": False,
            "campaigns": [{"id": "c", "cpm": 6, "budget": {"daily_impressions": 100}}],
        }
    )

    [row] = simulate(scenario, tmp_path).figures["campaigns"]

    assert row["impressions"] > 0
    assert row["cpm_micros"] < 6_000_000, "a second price is below the bid"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("traffic: {curve: [1], curve_file: a.csv}\ncampaigns: [{id: a}]", "curve and curve_file can't be combined"),
        ("traffic: {curve_file: a.csv}\ncampaigns: [{id: a}]", "curve_file needs region"),
        ("campaigns: [{id: a, cpm: 1}]\nevents: [{at_hour: 1, kind: edit}]", "edit needs campaign"),
        ("seed: 1", "give campaigns or copies"),
        ("campaigns: [{id: a, cpm: dear}]", "campaign a: "),
        (
            "traffic: {curve_file: curve.csv, region: nowhere}\ncampaigns: [{id: a, cpm: 1}]",
            "no row has the region 'nowhere'",
        ),
        ("campaigns: [", "wrong.yaml"),
    ],
)
def test_an_invalid_scenario_is_one_line_of_error(
    scenario: Path, changes: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = scenario.with_name("wrong.yaml")
    wrong.write_text(changes)

    assert main(["simulate", str(wrong)]) == 1
    assert message in capsys.readouterr().err
