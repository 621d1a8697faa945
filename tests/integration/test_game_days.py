"""The game days of docs/operations.md: each fault causes its alarm, and the documented steps end the fault.

Alarms are evaluated by CloudWatch's rules over the metrics of the local AWS. One observation, repeated, represents a
fault of several minutes. test_shift.py has the bad deployment.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bidder.cli.redrive import move
from tests.integration.drill import Drill
from tests.integration.observation import log_lines, observe
from tests.integration.polling import poll
from tests.integration.runtime import api_event
from tests.integration.sam_template import Template, translate
from tests.integration.traffic import Traffic
from tests.support.alarm_judge import Minute, is_in_alarm, metric
from tests.support.cloudformation import Stack
from tests.support.faulty_aws import faulty_server
from tests.support.matchable import video_request
from tools.deploy import LOCAL_ACCOUNT
from tools.events_topic import mend
from tools.lambda_runtime import LambdaRuntime, NotOnThisMachine, install_tools, lambda_runtime, unpack_archive
from tools.local import STACK
from tools.package import Package
from tools.template import with_code

COUNTRY = "GRL"
MINUTES = 5
"""The assumed minutes of a fault. No alarm of a game day needs more."""

Rings = Callable[[Minute], set[str]]


@pytest.fixture(scope="module")
def template(built_package: Package) -> Template:
    return translate(with_code(json.loads(built_package.template.read_text()), "s3://artifacts/bidder.zip"))


@pytest.fixture(scope="module")
def sales(drilled: Drill) -> Traffic:
    """Traffic for a country with a campaign without budgets."""
    drilled.sell(COUNTRY)
    drilled.refresh()
    traffic = Traffic(drilled, COUNTRY)
    poll(lambda: traffic.own_bid(traffic.bid()))
    return traffic


@pytest.fixture
def ringing(drilled: Drill, template: Template) -> Rings:
    """Returns a function: the names of alarms in state ALARM if every minute is like the given one."""
    names = {name: name for name in template["Resources"]} | drilled.ids
    stack = Stack(template, STACK, account=LOCAL_ACCOUNT, ids=names)
    alarms = {
        name: stack.value({key: value for key, value in resource["Properties"].items() if key != "AlarmActions"})
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }

    def of(minute: Minute) -> set[str]:
        return {name for name, alarm in alarms.items() if is_in_alarm(alarm, [minute] * MINUTES * 5)}

    return of


@contextmanager
def impatient(drill: Drill, queue: str, receives: int | None = None) -> Iterator[None]:
    """Reduces the visibility timeout of a queue from minutes to a second.

    `receives` is the number of receives before a message becomes a dead letter, by default the stack's. At a second
    each, the stack's number is over before a slow machine has ended its drill.
    """
    sqs, url = drill.session.client("sqs"), drill.ids[queue]
    before: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])
    usual = before["Attributes"]
    policy = json.loads(usual["RedrivePolicy"])
    policy["maxReceiveCount"] = receives or policy["maxReceiveCount"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(policy)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=usual)


def is_logged(drill: Drill, since: datetime, event: str) -> bool:
    return any(line.get("event") == event for line in log_lines(drill, since))


def counted_events(drill: Drill) -> int:
    return drill.spent(f"in-{COUNTRY}").total_micros


def test_an_unreadable_message_becomes_a_dead_letter_and_the_others_are_counted(
    drilled: Drill, sales: Traffic, ringing: Rings
) -> None:
    started_at, before = datetime.now(UTC), counted_events(drilled)
    sqs, dead = drilled.session.client("sqs"), drilled.ids["LedgerDeadLetterQueue"]
    assert "LedgerDeadLetterAlarm" not in ringing(observe(drilled, started_at))

    with impatient(drilled, "LedgerQueue"):
        sqs.send_message(QueueUrl=drilled.ids["LedgerQueue"], MessageBody='{"kind": "impression"}')
        sales.sell_one()
        poll(lambda: drilled.messages("LedgerDeadLetterQueue") == 1, seconds=120)

    assert is_logged(drilled, started_at, "ledger.unreadable")
    assert "LedgerDeadLetterAlarm" in ringing(observe(drilled, started_at))
    poll(lambda: counted_events(drilled) == before + 5000, seconds=60)
    [message] = sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0)["Messages"]
    assert message["Body"] == '{"kind": "impression"}'
    sqs.purge_queue(QueueUrl=dead)
    assert "LedgerDeadLetterAlarm" not in ringing(observe(drilled, started_at))


def test_no_event_is_lost_if_the_topic_is_deleted(drilled: Drill, sales: Traffic, ringing: Rings) -> None:
    started_at, before, sns = datetime.now(UTC), counted_events(drilled), drilled.session.client("sns")
    with impatient(drilled, "NoticesQueue", receives=1000):
        sns.delete_topic(TopicArn=drilled.ids["BidEventsTopic"])
        try:
            sales.sell_one()
            assert sales.notices[204] == sales.notices.total()
            assert is_logged(drilled, started_at, "notice.fallback")
            assert drilled.messages("NoticesQueue") >= 1  # counts of bids wait in this queue too
            assert {"NoticesAgeAlarm"} <= ringing(observe(drilled, started_at, age=301))
            assert counted_events(drilled) == before
        finally:
            assert mend(drilled.session, STACK, lambda _: None) == 4
        poll(lambda: counted_events(drilled) == before + 5000, seconds=120)
        poll(lambda: drilled.messages("NoticesQueue") == 0, seconds=120)
    assert "NoticesAgeAlarm" not in ringing(observe(drilled, datetime.now(UTC), age=301))
    sales.sell_one()
    poll(lambda: counted_events(drilled) == before + 10_000, seconds=120)


def test_a_throttled_table_delays_spend_without_loss(drilled: Drill, sales: Traffic, ringing: Rings) -> None:
    started_at, before, functions = datetime.now(UTC), counted_events(drilled), drilled.session.client("lambda")
    refusal = {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slow"}
    name = drilled.ids["Ledger"]
    usual: Any = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    with (
        impatient(drilled, "LedgerQueue"),
        faulty_server(lambda _path, _body: (400, json.dumps(refusal).encode())) as table,
    ):
        _set_variables(drilled, usual | {"AWS_ENDPOINT_URL_DYNAMODB": table.url, "AWS_MAX_ATTEMPTS": "1"})
        try:
            sales.sell_one()
            poll(lambda: drilled.messages("LedgerDeadLetterQueue") == 1, seconds=120)
            assert {"LedgerErrorsAlarm", "LedgerDeadLetterAlarm"} <= ringing(observe(drilled, started_at))
            assert counted_events(drilled) == before
        finally:
            _set_variables(drilled, usual)
        queues = drilled.ids["LedgerDeadLetterQueue"], drilled.ids["LedgerQueue"]
        assert move(drilled.session.client("sqs"), *queues) == 1  # the effect of `bidder events redrive ledger`
        poll(lambda: counted_events(drilled) == before + 5000, seconds=120)
        poll(lambda: drilled.messages("LedgerQueue") == 0, seconds=120)
    silent_alarms = {"LedgerErrorsAlarm", "LedgerDeadLetterAlarm"}
    poll(lambda: not silent_alarms & ringing(observe(drilled, datetime.now(UTC))))


def _set_variables(drill: Drill, variables: Any) -> None:
    """Sets environment variables of the ledger's live version."""
    functions, name = drill.session.client("lambda"), drill.ids["Ledger"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=version)


def test_a_damaged_snapshot_is_refused_and_processes_bid_from_the_last_valid_one(
    drilled: Drill, sales: Traffic, ringing: Rings
) -> None:
    started_at, s3 = datetime.now(UTC), drilled.session.client("s3")
    bucket = drilled.variables["BIDDER_SNAPSHOT_BUCKET"]
    s3.put_object(Bucket=bucket, Key="snapshots/current.json", Body=b'{"version": "no manifest"')
    poll(lambda: sales.bid().status == 200 and is_logged(drilled, started_at, "snapshot.refused"), seconds=60)
    assert sales.bid().status == 200
    # A snapshot without a later refresh is old after three minutes, and every process logs it.
    assert ringing({metric("bidder", "SnapshotOld", {"Reason": "old"}): [1.0]}) >= {"SnapshotOldAlarm"}

    drilled.refresh()
    assert drilled.store.current() is not None
    assert sales.bid().status == 200


@contextmanager
def process(drill: Drill, built_package: Package, log: Path, parameters: str) -> Iterator[LambdaRuntime]:
    """A new process of the bid function with these parameters."""
    variables = drill.variables | {"BIDDER_PARAMETERS": parameters}
    with lambda_runtime(unpack_archive(built_package.archive), "app.app", variables, log) as runtime:
        yield runtime


@pytest.mark.usefixtures("sales")
def test_new_processes_without_signing_keys_do_not_bid_until_the_saved_keys_are_restored(
    drilled: Drill, ringing: Rings, built_package: Package, tmp_path: Path
) -> None:
    try:
        install_tools()
    except NotOnThisMachine as error:
        pytest.skip(str(error))
    ssm, parameter_name = drilled.session.client("ssm"), f"{drilled.variables['BIDDER_PARAMETERS']}/signing-keys"
    saved = ssm.get_parameter(Name=parameter_name, WithDecryption=True)["Parameter"]["Value"]
    bid_event = api_event("POST", "/bid", "/bid", body=json.dumps(video_request(device={"geo": {"country": COUNTRY}})))

    with process(drilled, built_package, tmp_path / "before.log", "/game-day") as without_keys:
        answer = without_keys.invoke(bid_event)
    assert answer["statusCode"] == 204
    lines = [json.loads(line) for line in (tmp_path / "before.log").read_text().splitlines() if line.startswith("{")]
    [failed] = [line for line in lines if line["event"] == "bid.failed"]
    assert "signing_keys" in failed["traceback"]
    seen = {metric("bidder", "BidFailed", {"Reason": failed["Reason"]}): [float(failed["BidFailed"])]}
    assert "BidRaisedAlarm" in ringing(seen)

    ssm.put_parameter(Name="/game-day/signing-keys", Value=saved, Type="SecureString")
    ssm.put_parameter(Name="/game-day/exchanges", Value="{}", Type="String")
    with process(drilled, built_package, tmp_path / "after.log", "/game-day") as mended:
        answer = poll(lambda: (got := mended.invoke(bid_event))["statusCode"] == 200 and got)
    [bid] = json.loads(answer["body"])["seatbid"][0]["bid"]
    assert drilled.target.event("GET", bid["burl"].replace("${AUCTION_PRICE}", "5")).status == 204
