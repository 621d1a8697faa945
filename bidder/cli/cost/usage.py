"""The usage of each AWS service by a rate of requests. Assumed numbers are fields of `Load`, with their origin."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

SECONDS_A_MONTH = 730 * 3600
"""AWS's month has 730 hours."""
HOURS_A_MONTH = 730
_GB = 1024**3


class Entrance(StrEnum):
    """A way in: docs/entrances.md."""

    REST_API = "rest-api"
    HTTP_API = "http-api"
    FUNCTION_URL = "function-url"
    LOAD_BALANCER = "load-balancer"
    CONTAINER = "container"


class InvalidLoad(ValueError):
    """A number of the load is out of its range; the message names it."""


SHARES = ("bid_rate", "win_rate", "capped", "sampling")
RANGES = {
    "qps": (0.001, 100_000_000.0),
    **dict.fromkeys(SHARES, (0.0, 1.0)),
    "utilisation": (0.01, 1.0),
    **dict.fromkeys(("bid_ms", "event_ms"), (0.0, 900_000.0)),  # a function runs for 15 minutes at most
    "events_per_win": (0.0, 1000.0),
    "events_per_call": (1.0, 10.0),  # an SNS publish has ten events at most
}
"""The least and the most of the numbers of a load."""


@dataclass(frozen=True)
class Load:
    """The traffic, and the time and bytes of a request. Shares are from 0 to 1.

    `qps` counts bid requests; notices and pixels come on top.
    """

    qps: float
    bid_rate: float
    win_rate: float
    arm: bool = False
    """Processors: arm64 instead of x86_64."""
    memory_mb: int = 1769
    """Memory of the bid function, as .chalice/config.json has it: one vCPU."""
    bid_ms: float = 2.0
    """Billed milliseconds of a bid in Lambda, which rounds each invocation up: docs/scale.md."""
    event_ms: float = 12.0
    """Billed milliseconds of a notice: it waits for SNS. An assumption; no account was measured."""
    bid_cpu_ms: float = 0.55
    """Milliseconds of a core for a bid in a container: docs/decisions/0081."""
    event_cpu_ms: float = 2.3
    """Milliseconds of a core for a notice in a container, most of them for the SNS call: docs/scale.md."""
    utilisation: float = 0.55
    """The share of a task's CPU that scaling keeps to: CpuTarget of deploy/container.yaml."""
    requests_per_task: int = 60_000
    """HTTP requests a minute of a task that scaling keeps to: RequestsPerTask of deploy/container.yaml."""
    task_vcpu: int = 2
    task_gb: int = 4
    least_tasks: int = 2
    events_per_win: float = 6.0
    """Notices and pixels of a win: win, impression, start, and on average three of four more, since viewers leave."""
    impressions_per_win: float = 0.85
    learned_per_win: float = 3.5
    """Events of a win that the learning consumer takes: win, impression, firstQuartile, complete, click."""
    capped: float = 0.3
    """The share of bids of campaigns with frequency caps. Each reads the viewer's exposures."""
    events_per_call: float = 1.0
    """Events of one HTTP call, and so of one SNS publish: 1 by pixels and notices, more by `POST /e`."""
    request_bytes: int = 1800
    bid_bytes: int = 2400
    """A bid in gzip with its headers."""
    no_bid_bytes: int = 350
    """204 with its headers."""
    event_bytes: int = 700
    """An event's message."""
    log_bytes: int = 430
    """Lambda's own START, END and REPORT lines of an invocation; 0 at the system log level WARN."""
    own_log_bytes_a_minute: int = 6000
    """Metrics of a process, logged once a minute."""
    sampling: float = 0.05
    """Traces beyond one a second: the default rule of X-Ray."""
    is_traced: bool = True
    metrics: int = 60
    """Custom metrics that the logs become."""
    archive_days: int = 400

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                msg = f"{name.replace('_', '-')}: {value:,.12g} is not from {least:g} to {most:,.12g}"
                if name in SHARES and 1 < value <= 100:
                    msg += f"; {value:g}% is {value / 100:g}"
                raise InvalidLoad(msg)

    @property
    def bids(self) -> float:
        """Bids a second."""
        return self.qps * self.bid_rate

    @property
    def wins(self) -> float:
        """Won auctions a second."""
        return self.bids * self.win_rate

    @property
    def events(self) -> float:
        """Notices and pixels a second."""
        return self.wins * self.events_per_win

    @property
    def event_calls(self) -> float:
        """HTTP requests with events a second."""
        return self.events / self.events_per_call

    @property
    def calls(self) -> float:
        """HTTP requests a second: bid requests and calls with events."""
        return self.qps + self.event_calls

    def monthly(self, a_second: float) -> float:
        """So many a second, in a month."""
        return a_second * SECONDS_A_MONTH


def lambda_gb_seconds(load: Load) -> float:
    """Gigabyte-seconds of a month."""
    milliseconds = load.monthly(load.qps) * load.bid_ms + load.monthly(load.event_calls) * load.event_ms
    return milliseconds / 1000 * load.memory_mb / 1024


def concurrency(load: Load) -> float:
    """Invocations at work at a time (Little's law)."""
    return (load.qps * load.bid_ms + load.event_calls * load.event_ms) / 1000


def tasks(load: Load) -> int:
    """Fargate tasks that keep to the utilisation and to the requests of a task: scaling takes the larger number."""
    cores = (load.qps * load.bid_cpu_ms + load.event_calls * load.event_cpu_ms) / 1000
    by_cpu = cores / load.utilisation / load.task_vcpu
    by_requests = load.calls * 60 / load.requests_per_task
    return max(load.least_tasks, ceil(by_cpu), ceil(by_requests))


def processes(load: Load, entrance: Entrance) -> float:
    """Processes that hold a snapshot: half as many again as are at work in Lambda, one a core in containers."""
    if entrance is Entrance.CONTAINER:
        return tasks(load) * load.task_vcpu
    return max(1, concurrency(load) * 1.5)


def capacity_units(load: Load, gb_an_hour_a_unit: float) -> float:
    """LCUs of an hour: the largest of new connections, of active connections, of bytes and of rules.

    Exchanges keep their connections: a hundredth of the requests opens one, which stays for a minute. Up to ten rules
    are free.
    """
    new = load.calls / 100
    bytes_a_second = load.qps * load.request_bytes + response_bytes(load) + load.events * load.event_bytes
    return max(new / 25, new * 60 / 3000, bytes_a_second * 3600 / _GB / gb_an_hour_a_unit)


def response_bytes(load: Load) -> float:
    """Bytes a second that leave AWS."""
    no_bids = load.qps - load.bids
    return load.bids * load.bid_bytes + (no_bids + load.event_calls) * load.no_bid_bytes


def queue_requests(load: Load) -> float:
    """SQS requests a second: a send for each message of each queue, and a receive and a delete for ten.

    The archive takes all events, the ledger impressions, learning its kinds, frequency impressions.
    """
    messages = load.events + load.wins * (2 * load.impressions_per_win + load.learned_per_win)
    return messages * 1.2


def write_units(load: Load) -> float:
    """DynamoDB write units a second.

    An impression: 4 for its marker and the campaign's counters in a transaction, 2 for the sets of invalid traffic, 2
    for the viewer's history and its marker. A learned event: 4 for its marker and its counter in a transaction.
    """
    return load.wins * (load.impressions_per_win * 8 + load.learned_per_win * 4)


def read_units(load: Load) -> float:
    """DynamoDB read units a second: a viewer and a household for a bid with caps, half a unit each."""
    return load.bids * load.capped


def log_gb(load: Load, entrance: Entrance) -> float:
    """Gigabytes of logs in a month."""
    per_call = 0 if entrance is Entrance.CONTAINER else load.monthly(load.calls) * load.log_bytes
    own = processes(load, entrance) * load.own_log_bytes_a_minute * HOURS_A_MONTH * 60
    return (per_call + own) / _GB


def traces(load: Load, entrance: Entrance) -> float:
    """X-Ray traces a second: the first of each second, and a share of the rest."""
    if entrance is Entrance.CONTAINER or not load.is_traced:
        return 0
    first = min(1.0, load.calls)
    return first + (load.calls - first) * load.sampling


def snapshot_gets(load: Load, entrance: Entrance) -> float:
    """S3 GETs a second: each process looks at the pointer every 2 s, and loads the delivery state every minute."""
    return processes(load, entrance) * (1 / 2 + 1 / 60)
