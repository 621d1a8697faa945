"""The lines of a bill: the usage of each service in a month, and its dollars. Pure functions of load and prices."""

from collections.abc import Sequence
from dataclasses import dataclass

from bidder.cli.cost import usage
from bidder.cli.cost.prices import Prices, price_by_tiers
from bidder.cli.cost.usage import HOURS_A_MONTH, Entrance, Load

_GB = 1024**3


@dataclass(frozen=True)
class Line:
    """A line of the bill: `amount` of `unit` in a month, and its dollars."""

    service: str
    unit: str
    amount: float
    dollars: float


def bill(load: Load, entrance: Entrance, prices: Prices) -> list[Line]:
    """All lines, in the order of a request's way."""
    return [
        *_entrance(load, entrance, prices),
        *_compute(load, entrance, prices),
        *_events(load, prices),
        *_store(load, entrance, prices),
        *_watch(load, entrance, prices),
        _transfer(load, prices),
    ]


def total(lines: Sequence[Line]) -> float:
    """The dollars of a month."""
    return sum(line.dollars for line in lines)


def per_million(dollars: float, load: Load) -> float:
    """Dollars of a month as dollars for a million bid requests."""
    return dollars / (load.monthly(load.qps) / 1e6)


def _entrance(load: Load, entrance: Entrance, prices: Prices) -> list[Line]:
    calls = load.monthly(load.calls)
    if entrance is Entrance.REST_API:
        return [Line("API Gateway REST", "requests", calls, price_by_tiers(calls, prices.rest_api))]
    if entrance is Entrance.HTTP_API:
        return [Line("API Gateway HTTP", "requests", calls, price_by_tiers(calls, prices.http_api))]
    if entrance is Entrance.FUNCTION_URL:
        return []
    # a unit has 1 GB an hour, and 0.4 GB where the targets are functions
    units = usage.capacity_units(load, 1.0 if entrance is Entrance.CONTAINER else 0.4)
    balancer = prices.load_balancer
    return [
        Line("Load balancer", "hours", HOURS_A_MONTH, HOURS_A_MONTH * balancer.hour),
        Line("Load balancer", "LCU-hours", units * HOURS_A_MONTH, units * HOURS_A_MONTH * balancer.lcu_hour),
    ]


def _compute(load: Load, entrance: Entrance, prices: Prices) -> list[Line]:
    if entrance is Entrance.CONTAINER:
        processor = prices.fargate.arm64 if load.arm else prices.fargate.x86_64
        hours = usage.tasks(load) * HOURS_A_MONTH
        cores, memory = hours * load.task_vcpu, hours * load.task_gb
        return [
            Line("Fargate", "vCPU-hours", cores, cores * processor.vcpu_hour),
            Line("Fargate", "GB-hours", memory, memory * processor.gb_hour),
        ]
    calls, gb_seconds = load.monthly(load.calls), usage.lambda_gb_seconds(load)
    of_processor = prices.lambda_.arm64 if load.arm else prices.lambda_.x86_64
    return [
        Line("Lambda", "requests", calls, calls * prices.lambda_.request),
        Line("Lambda", "GB-seconds", gb_seconds, price_by_tiers(gb_seconds, of_processor)),
    ]


def _events(load: Load, prices: Prices) -> list[Line]:
    publishes = load.monthly(load.event_calls)
    requests = load.monthly(usage.queue_requests(load))
    return [
        Line("SNS", "publishes", publishes, publishes * prices.sns.publish),
        Line("SQS", "requests", requests, price_by_tiers(requests, prices.sqs)),
    ]


def _store(load: Load, entrance: Entrance, prices: Prices) -> list[Line]:
    writes, reads = load.monthly(usage.write_units(load)), load.monthly(usage.read_units(load))
    gets = load.monthly(usage.snapshot_gets(load, entrance))
    # the refresh writes three objects a minute, the archive one for each 1,000 events
    puts = 3 * 60 * HOURS_A_MONTH + load.monthly(load.events) / 1000
    # gzip leaves a fifth of an event
    kept_gb = load.events * load.event_bytes / 5 * 86_400 * load.archive_days / _GB
    return [
        Line("DynamoDB", "write units", writes, writes * prices.dynamodb.write_unit),
        Line("DynamoDB", "read units", reads, reads * prices.dynamodb.read_unit),
        Line("S3", "GETs", gets, gets * prices.s3.get),
        Line("S3", "PUTs", puts, puts * prices.s3.put),
        Line("S3", "GB of archive", kept_gb, kept_gb * prices.s3.gb_month),
    ]


def _watch(load: Load, entrance: Entrance, prices: Prices) -> list[Line]:
    logs, traces = usage.log_gb(load, entrance), load.monthly(usage.traces(load, entrance))
    return [
        Line("CloudWatch", "GB of logs", logs, price_by_tiers(logs, prices.cloudwatch.log_gb)),
        Line("CloudWatch", "metrics", load.metrics, load.metrics * prices.cloudwatch.metric_month),
        Line("X-Ray", "traces", traces, traces * prices.xray.trace),
    ]


def _transfer(load: Load, prices: Prices) -> Line:
    out = load.monthly(usage.response_bytes(load)) / _GB
    return Line("Data transfer", "GB out", out, price_by_tiers(out, prices.data_transfer))
