"""The estimated bill, compared with calculations by hand from the AWS price pages; and the command."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bidder.cli.commands.cost import ENTRANCES, command
from bidder.cli.cost.bill import Line, bill, per_million, total
from bidder.cli.cost.compare import cheapest, cost, savings
from bidder.cli.cost.prices import UnknownRegion, price_by_tiers, price_table
from bidder.cli.cost.usage import Entrance, InvalidLoad, Load, concurrency, tasks
from tools import ROOT
from tools.template import load_template

PRICES = price_table().of("us-east-1")
MONTH = 2_628_000
"""Seconds of 730 hours."""

# 1,000 requests/s, of which 200 are bid on and 20 won; each win brings 5 events: 100/s, so 1,100 calls/s.
LOAD = Load(
    1000,
    0.2,
    0.1,
    memory_mb=1024,
    bid_ms=2,
    event_ms=10,
    events_per_win=5,
    impressions_per_win=1,
    learned_per_win=3,
    capped=0.5,
    bid_bytes=2000,
    no_bid_bytes=500,
    sampling=0.05,
    log_bytes=400,
    own_log_bytes_a_minute=0,
)


_OF_A_TASK = {"Cpu", "Memory", "MinTasks", "CpuTarget", "RequestsPerTask"}


def lines(load: Load, entrance: Entrance, service: str) -> dict[str, Line]:
    return {line.unit: line for line in bill(load, entrance, PRICES) if line.service == service}


@pytest.mark.parametrize(
    ("load", "entrance", "service", "unit", "amount", "dollars"),
    [
        # 1,100 x 2,628,000 = 2,890.8 million calls: 333 at 3.50, 667 at 2.80, 1,890.8 at 2.38
        (LOAD, Entrance.REST_API, "API Gateway REST", "requests", 2_890.8e6, 1165.50 + 1867.60 + 4500.104),
        # 300 at 1.00 and 2,590.8 at 0.90
        (LOAD, Entrance.HTTP_API, "API Gateway HTTP", "requests", 2_890.8e6, 300 + 2331.72),
        (LOAD, Entrance.FUNCTION_URL, "Lambda", "requests", 2_890.8e6, 578.16),
        # 1,000 x 2 ms + 100 x 10 ms = 3 GB-seconds a second
        (LOAD, Entrance.FUNCTION_URL, "Lambda", "GB-seconds", 7_884_000, 131.40026),
        (replace(LOAD, arm=True), Entrance.FUNCTION_URL, "Lambda", "GB-seconds", 7_884_000, 105.12053),
        (LOAD, Entrance.LOAD_BALANCER, "Load balancer", "hours", 730, 16.425),
        # 11 new connections/s are 0.44 units; bytes: 1.8 MB in, 0.85 MB out, 0.07 MB of events a second are 9.119 GB
        # an hour: at 0.4 GB a unit 22.798 units
        (LOAD, Entrance.LOAD_BALANCER, "Load balancer", "LCU-hours", 16_642.66, 133.141),
        (LOAD, Entrance.CONTAINER, "Load balancer", "LCU-hours", 6_657.06, 53.2565),
        # 0.55 + 0.15 = 0.7 cores, at 55 % and two a task: 1 task, so the least, 2
        (LOAD, Entrance.CONTAINER, "Fargate", "vCPU-hours", 2920, 118.2016),
        (LOAD, Entrance.CONTAINER, "Fargate", "GB-hours", 5840, 25.9588),
        (replace(LOAD, arm=True), Entrance.CONTAINER, "Fargate", "vCPU-hours", 2920, 94.5496),
        (LOAD, Entrance.REST_API, "SNS", "publishes", 262.8e6, 131.40),
        (replace(LOAD, events_per_call=10), Entrance.REST_API, "SNS", "publishes", 26.28e6, 13.14),
        # 100 to the archive, 20 to the ledger, 60 to learning, 20 to frequency: 200 messages/s, 1.2 requests each
        (LOAD, Entrance.REST_API, "SQS", "requests", 630.72e6, 252.288),
        # 20 impressions/s x 8 and 60 learned events/s x 4
        (LOAD, Entrance.REST_API, "DynamoDB", "write units", 1_051.2e6, 657.0),
        # 200 bids/s, half of them with caps, two items at half a unit
        (LOAD, Entrance.REST_API, "DynamoDB", "read units", 262.8e6, 32.85),
        # 3 at work, 4.5 processes, each 31 GETs a minute
        (LOAD, Entrance.REST_API, "S3", "GETs", 6_110_100, 2.44404),
        # 3 a minute for 43,800 minutes, and 262,800 of the archive
        (LOAD, Entrance.REST_API, "S3", "PUTs", 394_200, 1.971),
        # 100/s x 140 bytes x 400 days
        (LOAD, Entrance.REST_API, "S3", "GB of archive", 450.611, 10.36405),
        # 2,890.8 million x 400 bytes = 1,076.907 GB
        (LOAD, Entrance.REST_API, "CloudWatch", "GB of logs", 1_076.907, 538.4535),
        (LOAD, Entrance.REST_API, "CloudWatch", "metrics", 60, 18.0),
        # one a second, and a twentieth of 1,099
        (LOAD, Entrance.REST_API, "X-Ray", "traces", 147_036_600, 735.183),
        # 200 x 2,000 + 800 x 500 + 100 x 500 bytes/s = 0.85 MB/s
        (LOAD, Entrance.REST_API, "Data transfer", "GB out", 2_080.38, 187.2342),
    ],
)
def test_each_line_of_the_bill_equals_the_calculation_by_hand(
    load: Load, entrance: Entrance, service: str, unit: str, amount: float, dollars: float
) -> None:
    line = lines(load, entrance, service)[unit]

    assert line.amount == pytest.approx(amount, rel=1e-4)
    assert line.dollars == pytest.approx(dollars, rel=1e-4)


def test_the_bill_of_a_container_has_no_lambda_and_no_traces() -> None:
    services = {line.service for line in bill(LOAD, Entrance.CONTAINER, PRICES) if line.dollars}

    assert {"Lambda", "X-Ray", "API Gateway REST"}.isdisjoint(services)


@given(st.floats(0, 1e11), st.floats(0, 1e11))
def test_tiered_prices_fall_and_cover_the_whole_amount(amount: float, more: float) -> None:
    tiers: Any = [(10.0, 3.0), (20.0, 2.0), (None, 1.0)]
    by_hand = 3 * min(amount, 10) + 2 * min(max(amount - 10, 0), 20) + max(amount - 30, 0)

    assert price_by_tiers(amount, tiers) == pytest.approx(by_hand)
    assert price_by_tiers(amount + more, tiers) <= price_by_tiers(amount, tiers) + price_by_tiers(more, tiers) + 1e-3


def test_the_cheapest_entrance_is_constant_between_break_even_rates() -> None:
    ranges = cheapest(LOAD, PRICES)

    assert len(ranges) >= 2
    for each in ranges:
        there = replace(LOAD, qps=each.qps * 1.02)
        assert min(Entrance, key=lambda entrance: cost(there, entrance, PRICES)) is each.entrance


def test_a_switch_saves_the_difference_of_two_bills() -> None:
    saved = {saving.switch: saving.dollars for saving in savings(LOAD, Entrance.FUNCTION_URL, PRICES)}

    assert saved["no traces (X-Ray off)"] == pytest.approx(735.183, rel=1e-4)
    # 90 of 100 calls a second: 236.52 million publishes and invocations, 0.9 GB-seconds a second, 88.11 GB of logs,
    # 4.5 traces a second, 110.14 GB out, and 1.35 processes less
    calls = 118.26 + 47.304 + 39.42 + 44.06 + 59.13 + 9.91 + 0.733
    assert saved["ten events a call (POST /e)"] == pytest.approx(calls, rel=1e-3)
    assert saved["arm64 instead of x86_64"] == pytest.approx(131.40026 - 105.12053, rel=1e-4)
    assert list(saved.values()) == sorted(saved.values(), reverse=True)
    switched = replace(LOAD, arm=True, is_traced=False, log_bytes=0, events_per_call=10)
    assert {each.switch for each in savings(switched, Entrance.FUNCTION_URL, PRICES)} == {"archive for 90 days"}


def test_a_million_requests_cost_the_month_over_the_millions() -> None:
    assert per_million(MONTH * 1000 / 1e6, LOAD) == pytest.approx(1.0)
    assert concurrency(LOAD) == 3.0


@pytest.mark.parametrize(
    ("qps", "requests_per_task", "expected"),
    [
        (100_000, 60_000, 110),  # 110,000 calls/s, 1,000 a task
        (100_000, 120_000, 71),  # 55 + 23 cores; 71 tasks of two keep them at 55 %
        (1, 60_000, 2),
    ],
)
def test_tasks_follow_the_scaling_target_that_needs_more(qps: float, requests_per_task: int, expected: int) -> None:
    assert tasks(replace(LOAD, qps=qps, requests_per_task=requests_per_task)) == expected


def test_a_task_has_the_size_of_the_containers_stack() -> None:
    parameters = load_template(ROOT / "deploy" / "container.yaml")["Parameters"]
    defaults = {name: float(parameter["Default"]) for name, parameter in parameters.items() if name in _OF_A_TASK}
    assert defaults == {
        "Cpu": Load.task_vcpu * 1024,
        "Memory": Load.task_gb * 1024,
        "MinTasks": Load.least_tasks,
        "CpuTarget": round(Load.utilisation * 100),
        "RequestsPerTask": Load.requests_per_task,
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"bid_rate": 1.1},
        {"win_rate": -0.1},
        {"qps": 0},
        {"qps": float("inf")},
        {"bid_ms": -1},
        {"event_ms": float("nan")},
        {"events_per_win": -2},
        {"events_per_call": 50},
    ],
)
def test_an_impossible_load_is_refused_with_the_reason(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidLoad, match=next(iter(wrong)).replace("_", "-")):
        replace(LOAD, **wrong)  # type: ignore[arg-type]


def test_every_service_of_the_table_has_a_source_and_other_regions_are_refused() -> None:
    table = price_table()

    names = {field.alias or name for name, field in type(PRICES).model_fields.items()}
    assert table.sources.keys() == names
    regions = {name for name, prices in table.regions.items() if not isinstance(prices, str)}
    for source in table.sources.values():
        assert source.page.startswith("https://aws.amazon.com/")
        assert source.checked.keys() == regions
    with pytest.raises(UnknownRegion, match=r"no prices of the region .sa-east-1.*eu-west-1, us-east-1.*prices\.json"):
        table.of("sa-east-1")
    for written in ("EU-WEST-1", "eu-west1"):
        with pytest.raises(UnknownRegion, match=rf"region '{written}'.*Did you mean eu-west-1\?"):
            table.of(written)


@pytest.mark.parametrize(
    ("entrance", "service", "unit", "dollars"),
    [
        # 2,890.8 million calls: 333 at 3.50, 667 at 3.19, 1,890.8 at 2.71
        (Entrance.REST_API, "API Gateway REST", "requests", 1165.50 + 2127.73 + 5124.068),
        # 300 at 1.11 and 2,590.8 at 1.00
        (Entrance.HTTP_API, "API Gateway HTTP", "requests", 333 + 2590.8),
        (Entrance.REST_API, "DynamoDB", "write units", 1_051.2 * 0.705),
        (Entrance.CONTAINER, "Load balancer", "hours", 730 * 0.0252),
    ],
)
def test_ireland_has_its_own_prices(entrance: Entrance, service: str, unit: str, dollars: float) -> None:
    [line] = [
        line
        for line in bill(LOAD, entrance, price_table().of("eu-west-1"))
        if (line.service, line.unit) == (service, unit)
    ]

    assert line.dollars == pytest.approx(dollars, rel=1e-4)


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command, ["--qps", "100", "--bid-rate", "0.3", "--win-rate", "0.1", *arguments])


def test_the_command_prints_tables_and_json_of_the_same_bill() -> None:
    text, document = run(), json.loads(run("--json").output)

    assert text.exit_code == 0, text.output
    assert f"Total: {document['dollars_a_month']:,.2f} a month" in text.output
    assert document["dollars_a_month"] == pytest.approx(total(bill(Load(100, 0.3, 0.1), Entrance.REST_API, PRICES)))
    assert document["entrances"].keys() == set(ENTRANCES) == {entrance.value for entrance in Entrance}


def test_small_and_large_numbers_are_printed_completely() -> None:
    head = run("--qps", "12345678", "--bid-rate", "0.004", "--win-rate", "0").output.splitlines()[0]
    assert head.startswith("12,345,678 bid requests/s, bids on 0.4%, wins 0% of them, us-east-1, rest-api;")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_plot_is_written(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"cost.{ending}"

    assert run("--out", str(path)).exit_code == 0
    assert path.read_bytes()[:5] in {b"<?xml", b"\x89PNG\r"}
    assert "ends with .svg or .png" in run("--out", str(tmp_path / "cost.pdf")).output


def test_an_invalid_option_is_refused_before_any_output(tmp_path: Path) -> None:
    for arguments, message in [
        (("--bid-rate", "1.5"), "--bid-rate: 1.5 is not from 0 to 1"),
        (("--win-rate", "30"), "--win-rate: 30 is not from 0 to 1; 30% is 0.3"),
        (("--region", "us-east1"), "Did you mean us-east-1?"),
        (("--qps", "200000000"), "--qps: 200,000,000 is not from 0.001 to 100,000,000"),
        (("--events-per-call", "11"), "--events-per-call: 11 is not from 1 to 10"),
        (("--out", str(tmp_path / "no" / "cost.svg")), "there is no folder"),
        (("--entrance", "ftp"), "'rest-api', 'http-api', 'function-url', 'load-balancer', 'container'"),
    ]:
        answer = run(*arguments)
        assert answer.exit_code == 2
        assert message in answer.output
        assert "a month" not in answer.output
