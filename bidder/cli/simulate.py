"""`bidder simulate`: a scenario, its figures as a table or JSON, and its plots."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bidder.cli.progress import Progress
from bidder.cli.table import table
from bidder.money import display
from bidder.simulator.scenario_file import read_scenario
from bidder.simulator.simulate import SimulationOutcome, simulate

_STEPS = 1000
_MAX_PLOTTED = 12
"""Campaigns with plots of their own, those of the largest budgets."""
_LEFT = 2
_HEAD = ("pacing", "campaign", "budget", "spent", "delivered", "overspend", "evenness", "impressions", "CPM")


def print_simulation(path: Path, out: Path | None, *, as_json: bool) -> None:
    """Runs a scenario file and prints its figures; writes figures and plots into `out`, a folder.

    Raises InvalidScenario, OSError.
    """
    scenario = read_scenario(path)
    progress = Progress(_STEPS)
    outcome = simulate(scenario, path.parent, lambda share: progress.at(int(share * _STEPS)))
    progress.end()
    text = json.dumps(outcome.figures, indent=2)
    print(text if as_json else figures_table(outcome.figures))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "figures.json").write_text(text + "\n", encoding="utf-8")
        _plot(outcome, scenario.name, out, scenario.scale)


def figures_table(figures: Mapping[str, Any]) -> str:
    """The figures as a table: a line for each campaign, and one for all of them if there are several."""
    rows = []
    for arm, arm_figures in {"bidder": figures, **figures.get("beside", {})}.items():
        rows += [_cells(arm, row["id"], row) for row in arm_figures["campaigns"]]
        if len(arm_figures["campaigns"]) > 1:
            rows.append(_cells(arm, "(all)", arm_figures["totals"]))
    return table(_HEAD, rows, left_aligned=_LEFT)


def _cells(arm: str, name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        arm,
        name,
        display(row["budget_micros"]),
        display(row["spent_micros"]),
        f"{100 * row['delivered_share']:.2f} %",
        f"{100 * row['overspend_share']:.3f} %",
        f"{100 * row['evenness']:.3f} %",
        f"{row['impressions']:,}",
        display(row["cpm_micros"]) if row["cpm_micros"] is not None else "-",
    )


def _plot(outcome: SimulationOutcome, name: str, out: Path, scale: float) -> None:
    from bidder.simulator.plots import plot  # matplotlib, which only plots need

    rows = sorted(outcome.figures["campaigns"], key=lambda row: -row["budget_micros"])[:_MAX_PLOTTED]
    for row in rows:
        arms = {arm: tallies[row["id"]] for arm, tallies in outcome.tallies.items()}
        plot(name, row["id"], arms, out, row["id"], scale)
