"""The read of exposures: it ends by its deadline under any fault, and one request reads user and household."""

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from bidder.delivery.frequency import Exposures, History, Impression
from bidder.delivery.frequency_store import MAX_READS, RETENTION, FrequencyReader, encode, household_key, user_key
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.frequency import Frequency
from bidder.repeated_failures import LONGEST_INTERVAL
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.log_lines import logged_lines
from tests.support.matchable import video_request
from tests.support.service import service

SHOWN = History([Impression(int(NOW.timestamp()) - 60, "plain", "spot", "shop.example")])
IFA = "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12"


class Table:
    """A table that answers every read with these items, or calls `broken`."""

    def __init__(self, *items: dict[str, Any], broken: Callable[[], Any] | None = None) -> None:
        self.tables = FaultyDynamoDB("frequency")
        for item in items:
            self.tables.put(item)
        self.broken = broken
        self.requests: list[Any] = []
        self.tables.client.meta.events.register("before-call.dynamodb.BatchGetItem", self._answer)

    def _answer(self, params: dict[str, Any], **_: Any) -> Any:
        self.requests.append(json.loads(params["body"])["RequestItems"])
        fault = self.broken() if self.broken else None
        return None if fault is None else (AWSResponse("", 200, HTTPHeaders(), None), fault)


def reader(table: Table) -> FrequencyReader:
    return FrequencyReader(lambda: table.tables.client, "frequency")


@pytest.mark.parametrize(("late", "is_kept"), [(-1, True), (0, False), (60, False), (2 * 86_400, False)])
def test_a_history_that_dynamodb_has_not_yet_deleted_is_expired(late: int, is_kept: bool) -> None:
    table = Table(encode(user_key("anna"), SHOWN, 7), encode(household_key("home"), SHOWN, 7))
    now = datetime.fromtimestamp(SHOWN.recent[-1].at, UTC) + RETENTION + timedelta(seconds=late)

    expected = SHOWN if is_kept else History()
    assert reader(table).exposures("anna", "home", 5, now) == Exposures(expected, expected)
    assert reader(table).exposures("anna", None, 5, now) == Exposures(expected, None)


def test_the_next_impression_after_the_end_of_a_history_begins_another() -> None:
    table = Table(encode(user_key("anna"), SHOWN, 7))
    now = datetime.fromtimestamp(SHOWN.recent[-1].at, UTC) + RETENTION
    frequency = Frequency(table.tables.client, "frequency")

    assert not frequency.record([event(1, user="anna", at=now)])

    history = frequency.history("anna")
    assert [impression.at for impression in history.recent] == [int(now.timestamp())]
    assert table.tables.items()["user#anna", "history"]["version"] == {"N": "8"}


def test_one_request_reads_user_and_household() -> None:
    table = Table(encode(user_key("anna"), SHOWN, 1), encode(household_key("home"), SHOWN, 1))

    assert reader(table).exposures("anna", "home", 5, NOW) == Exposures(SHOWN, SHOWN)
    assert reader(table).exposures("anna", None, 5, NOW) == Exposures(SHOWN, None)
    assert reader(table).exposures(None, "home", 5, NOW) == Exposures(None, SHOWN)
    assert reader(table).exposures("ben", "home", 5, NOW) == Exposures(History(), SHOWN)
    assert len(table.requests) == 4
    assert all(request["frequency"]["ConsistentRead"] for request in table.requests), "an impression counts at once"


def test_viewers_without_a_pseudonym_are_not_read() -> None:
    table = Table()

    assert reader(table).exposures(None, None, 5, NOW) == Exposures()
    assert not table.requests


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    "broken",
    [
        lambda: _raise(OSError("refused")),
        lambda: _raise(RuntimeError("ThrottlingException")),
        lambda: {"Responses": {}, "UnprocessedKeys": {"frequency": {"Keys": []}}},
        lambda: {"Responses": {"frequency": [{"pk": {"S": "user#anna"}, "history": {"S": "{"}}]}},
    ],
)
def test_a_store_that_fails_leaves_the_viewer_unknown(broken: Callable[[], Any]) -> None:
    assert reader(Table(broken=broken)).exposures("anna", None, 5, NOW) == Exposures()


def test_a_hanging_store_costs_the_deadline_and_few_threads_until_it_recovers() -> None:
    released = threading.Event()
    table = Table(encode(user_key("anna"), SHOWN, 1), broken=lambda: released.wait(60) and None)
    store = reader(table)

    for _ in range(5 * MAX_READS):
        assert store.exposures("anna", None, 0.005, NOW) == Exposures()
    assert len(table.requests) <= MAX_READS

    released.set()
    gives_up = time.monotonic() + 60
    while (answer := store.exposures("anna", None, 1, NOW)) == Exposures() and time.monotonic() < gives_up:
        time.sleep(0.001)
    assert answer == Exposures(SHOWN, None)


@pytest.mark.parametrize(("left", "waits"), [(0.02, 0.02), (0.0, 0.0), (-0.1, 0.0)])
def test_a_read_waits_for_the_rest_of_the_deadline(left: float, waits: float, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float | None] = []

    class Answers(SimpleQueue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            waited.append(timeout)
            return super().get(block, timeout)

    store = reader(Table(broken=lambda: _raise(OSError("refused"))))
    monkeypatch.setattr("bidder.delivery.frequency_store.SimpleQueue", Answers)
    store.exposures("anna", None, left, NOW)

    assert waited == [waits]


def test_a_hanging_read_does_not_delay_the_exit_of_a_process() -> None:
    released = threading.Event()
    reader(Table(broken=lambda: released.wait(60) and None)).exposures("anna", None, 0.0, NOW)

    readers = [thread for thread in threading.enumerate() if thread.name == "frequency"]
    assert readers
    assert all(thread.daemon for thread in readers)
    released.set()


def test_sequential_reads_share_a_thread_and_concurrent_reads_have_one_each() -> None:
    others = set(threading.enumerate())

    def threads() -> int:
        return len([thread for thread in set(threading.enumerate()) - others if thread.name == "frequency"])

    released, hangs = threading.Event(), False
    store = reader(table := Table(broken=lambda: (released.wait(60) if hangs else None) and None))
    for _ in range(3):
        store.exposures("anna", None, 60, NOW)
    assert threads() == 1

    hangs = True
    for _ in range(MAX_READS):
        store.exposures("anna", None, 0.0, NOW)
    assert threads() == MAX_READS
    gives_up = time.monotonic() + 60
    while len(table.requests) < 3 + MAX_READS and time.monotonic() < gives_up:
        time.sleep(0.01)
    assert len(table.requests) == 3 + MAX_READS
    released.set()


def reasons(caplog: pytest.LogCaptureFixture) -> list[tuple[str, int]]:
    """The reason of each line of the metric of failed reads, and the number that the line counts."""
    lines = logged_lines(caplog, "frequency.unread")
    return [(entry["why"], entry["FrequencyUnread"]) for entry in lines if entry["Reason"] == "unread"]


def test_failed_reads_are_counted_with_their_reasons(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    reader(Table(broken=lambda: _raise(OSError("refused")))).exposures("anna", None, 5, NOW)
    assert reasons(caplog) == [("OSError", 1)]

    caplog.clear()
    released = threading.Event()
    seconds = 0.0
    client = Table(broken=lambda: released.wait(60) and None).tables.client
    hanging = FrequencyReader(lambda: client, "frequency", lambda: seconds)
    for _ in range(MAX_READS + 2):
        hanging.exposures("anna", None, 0.0, NOW)
    assert reasons(caplog) == [("deadline", 1), ("busy", MAX_READS)], "repeated failures have no line each"
    released.set()
    gives_up = time.monotonic() + 60
    failures = MAX_READS + 2
    while not (ended := logged_lines(caplog, "frequency.recovered")) and time.monotonic() < gives_up:
        before = hanging._failures._in_row
        hanging.exposures("anna", None, 1, NOW)
        failures += hanging._failures._in_row > before
        seconds += LONGEST_INTERVAL
        time.sleep(0.001)
    assert ended[0]["failures"] == failures
    counts = [line for name in ("frequency.unread", "frequency.recovered") for line in logged_lines(caplog, name)]
    assert sum(line.get("FrequencyUnread", 0) for line in counts) == failures


@pytest.mark.parametrize(("on_unknown", "status"), [("bid", 200), ("skip", 204)])
@pytest.mark.parametrize("hangs", [True, False])
def test_after_the_deadline_the_campaigns_policy_on_unknown_viewers_decides(
    on_unknown: str, status: int, *, hangs: bool
) -> None:
    released = threading.Event()
    broken = (lambda: released.wait(60) and None) if hangs else (lambda: _raise(RuntimeError("throttled")))
    snapshot = compile_snapshot([campaign(frequency_caps=[{"impressions": 1, "window": "day"}], on_unknown=on_unknown)])
    body = json.dumps(video_request(device={"ifa": IFA})).encode()
    process = service(snapshot, frequency_reader=reader(Table(broken=broken)), frequency_deadline=5.0)

    assert bid(process, Call(body, {}, "https://bid.example", NOW)).status == status
    released.set()


def test_a_viewer_at_the_cap_gets_no_bid_and_a_viewer_without_consent_gets_one() -> None:
    snapshot = compile_snapshot([campaign(frequency_caps=[{"impressions": 1, "window": "day"}])])
    table = Table()
    process = service(snapshot, frequency_reader=reader(table), frequency_deadline=1000.0)
    body = json.dumps(video_request(device={"ifa": IFA})).encode()

    assert bid(process, Call(body, {}, "https://bid.example", NOW)).status == 200
    [request] = table.requests
    [key] = request["frequency"]["Keys"]
    table.tables.put(encode(key, SHOWN, 1))
    assert bid(process, Call(body, {}, "https://bid.example", NOW)).status == 204
    assert bid(process, Call(body, {}, "https://bid.example", NOW + timedelta(minutes=3))).status == 204

    private = json.dumps(video_request(device={"ifa": IFA, "dnt": 1})).encode()
    assert bid(process, Call(private, {}, "https://bid.example", NOW)).status == 200
    assert len(table.requests) == 3


def test_an_uncapped_bid_reads_nothing() -> None:
    table = Table()
    body = json.dumps(video_request(device={"ifa": IFA})).encode()

    assert bid(
        service(compile_snapshot([campaign()]), frequency_reader=reader(table)),
        Call(body, {}, "https://b.example", NOW),
    )
    assert not table.requests
