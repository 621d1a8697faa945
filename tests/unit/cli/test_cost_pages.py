"""The figures in docs/cost.md and docs/scale.md equal those of `bidder cost`."""

import re

import pytest
from click.testing import CliRunner

from bidder.cli.commands.cost import command
from bidder.cli.cost.bill import bill
from bidder.cli.cost.compare import cheapest, cost
from bidder.cli.cost.prices import price_by_tiers, price_table
from bidder.cli.cost.usage import (
    Entrance,
    Load,
    concurrency,
    log_gb,
    processes,
    queue_requests,
    read_units,
    snapshot_gets,
    tasks,
    write_units,
)
from tools import ROOT

PRICES = price_table().of("us-east-1")
SCALE = re.sub(r"\s+", " ", (ROOT / "docs" / "scale.md").read_text(encoding="utf-8"))


def load(qps: float) -> Load:
    return Load(qps, 0.3, 0.15)


@pytest.mark.parametrize("exponent", range(1, 7))
def test_each_decade_of_the_table_equals_the_bill(exponent: int) -> None:
    there = load(10**exponent)
    at_once = concurrency(there)
    cells = (
        f"{there.qps:,g}" if exponent < 6 else "1,000,000",
        f"{there.calls:,.12g}",
        f"{at_once:,.2f}" if at_once < 0.1 else f"{at_once:,.1f}" if at_once < 1 else f"{at_once:,.0f}",
        f"{tasks(there):,}",
        f"{there.events:,.12g}",
        f"{write_units(there):,.0f}",
        f"{cost(there, Entrance.REST_API, PRICES):,.0f}, {cost(there, Entrance.CONTAINER, PRICES):,.0f}",
    )
    assert f"| {' | '.join(cells)} |" in SCALE


def _by_cpu(qps: float) -> int:
    return tasks(Load(qps, 0.3, 0.15, requests_per_task=10**12))


def _cores(there: Load) -> float:
    return (there.qps * there.bid_cpu_ms + there.event_calls * there.event_cpu_ms) / 1000


def _place_of_traces(qps: float) -> int:
    lines = sorted(bill(load(qps), Entrance.REST_API, PRICES), key=lambda line: -line.dollars)
    return [line.service for line in lines].index("X-Ray") + 1


def _sentences() -> list[str]:
    hundred_thousand, million = load(100_000), load(1_000_000)
    container, rest = Entrance.CONTAINER, Entrance.REST_API
    share = cost(hundred_thousand, container, PRICES) / cost(hundred_thousand, rest, PRICES)
    sqs = queue_requests(load(1)) / load(1).events
    return [
        f"which is already the {['', 'largest', 'second', 'third'][_place_of_traces(100)]} largest line of the bill",
        f"The break-even with the container is near {cheapest(load(10), PRICES)[1].qps:.0f} requests/s",
        f"REPORT lines are {log_gb(load(1000), rest) / 1000:.1f} TB a month",
        f"{million.event_cpu_ms} ms = {_cores(million) / 1e6:.5f} *q*; at 55 % of a task of two: "
        f"{_cores(million) / 1e6 / million.utilisation / million.task_vcpu:.5f} *q* tasks",
        f"{_cores(load(10_000)):.1f} cores at work",
        f"By CPU alone that is {_by_cpu(10_000)} tasks of two",
        f"`RequestsPerTask`, 60,000 a minute, makes it {tasks(load(10_000))}",
        f"The container needs {tasks(hundred_thousand)} tasks, or {_by_cpu(100_000)} by CPU alone, and costs "
        f"{share * 100:.0f} % of the REST API",
        f"{processes(hundred_thousand, container):,.0f} processes of containers send "
        f"{snapshot_gets(hundred_thousand, container):,.0f} GETs a second, Lambda's "
        f"{processes(hundred_thousand, rest):,.0f} environments {snapshot_gets(hundred_thousand, rest):,.0f}",
        f"With {processes(hundred_thousand, container):,.0f} processes the shares are",
        f"{tasks(million):,} tasks, or {_by_cpu(1_000_000):,} by CPU alone",
        f"{processes(million, container):,.0f} processes send {snapshot_gets(million, container):,.0f} GETs a second; "
        f"{processes(million, rest):,.0f} environments of Lambda would send {snapshot_gets(million, rest):,.0f},",
        f"{read_units(million):,.0f} read units a second",
        f"${PRICES.sns.publish * 1e6:.2f} of publishes and "
        f"${price_by_tiers(sqs * 1e6, PRICES.sqs):.2f} of SQS requests ({sqs:.2f} for an event)",
    ]


@pytest.mark.parametrize("sentence", _sentences())
def test_the_figures_of_the_text_equal_the_bill(sentence: str) -> None:
    assert sentence in SCALE


def test_the_example_of_the_cost_page_equals_the_output_of_the_command() -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    _, call, _, printed, *_ = page.split("```")
    arguments = call.replace("bidder cost", "").replace("--out cost.svg", "").split()
    answer = CliRunner().invoke(command, arguments)
    assert answer.exit_code == 0
    assert answer.output.startswith(printed.strip()), "print the example again"
