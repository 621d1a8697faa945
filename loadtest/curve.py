"""The traffic of a load test by the hour of the week."""

import csv
from functools import cache
from pathlib import Path

WEEKLY = Path(__file__).parents[1] / "bidder/simulator/scenarios/traffic/weekly.csv"
HOURS_A_WEEK = 168


@cache
def weekly() -> tuple[float, ...]:
    """The traffic of each hour from Monday 0:00, summed over all regions, as a share of the busiest hour."""
    hours = [0.0] * HOURS_A_WEEK
    with WEEKLY.open() as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            hours[(int(row["weekday"]) - 1) % 7 * 24 + int(row["hour"])] += float(row["share"])
    return tuple(hour / max(hours) for hour in hours)


def share_at(second: float, duration: float) -> float:
    """The traffic at a second of a run that covers a whole week, as a share of the busiest hour."""
    return weekly()[max(0, min(HOURS_A_WEEK - 1, int(second * HOURS_A_WEEK / duration)))]
