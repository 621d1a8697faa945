"""`make status` prints the state of a stack."""

import json
from datetime import UTC, datetime

import pytest

from bidder.events.publisher import EventPublisher
from tests.integration.drill import Drill
from tests.integration.polling import poll
from tests.support.events import event
from tools.local import STACK
from tools.stack_state import NoStack, status
from tools.status import lines
from tools.versions import live_version


def test_status_has_version_traffic_snapshot_queues_and_spend(drilled: Drill) -> None:
    now = datetime.now(UTC)
    spender = next(iter(drilled.campaigns.all())).id
    before = status(drilled.session, STACK, now)
    sent_event = event(campaign_id=spender, bid_id=f"status-{now.timestamp()}", at=now, bid_at=now)
    EventPublisher(drilled.session.client("sns"), drilled.variables["BIDDER_EVENTS_TOPIC"]).publish(sent_event)
    poll(lambda: drilled.spent(spender).total_micros > 0)

    after = status(drilled.session, STACK, datetime.now(UTC))

    live = live_version(drilled.session.client("lambda"), drilled.ids["APIHandler"])
    assert (after.version, after.traffic) == (live, {live: 1})
    assert after.spend_micros - before.spend_micros == 5000
    assert after.snapshot is not None
    assert not after.snapshot.stopped
    assert after.snapshot.version == getattr(drilled.store.current(), "version", None)
    assert {queue.name for queue in after.queues} >= {"bidder-ledger", "bidder-campaign-refresh"}
    assert json.loads(json.dumps(after.document(), default=str))["stack"] == STACK


def test_status_has_shifting_traffic_an_alarm_and_a_dead_letter(drilled: Drill) -> None:
    functions, name = drilled.session.client("lambda"), drilled.ids["APIHandler"]
    cloudwatch, sqs = drilled.session.client("cloudwatch"), drilled.session.client("sqs")
    live = live_version(functions, name)
    url = drilled.ids["LedgerDeadLetterQueue"]
    functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {"7": 0.1}})
    cloudwatch.set_alarm_state(AlarmName=drilled.ids["LedgerAgeAlarm"], StateValue="ALARM", StateReason="five minutes")
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    try:
        now = status(drilled.session, STACK, datetime.now(UTC))
    finally:
        functions.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
        cloudwatch.set_alarm_state(AlarmName=drilled.ids["LedgerAgeAlarm"], StateValue="OK", StateReason="over")
        sqs.purge_queue(QueueUrl=url)
    assert now.traffic == {live: 0.9, 7: 0.1}
    assert [(alarm.name, alarm.reason) for alarm in now.alarms.ringing] == [
        (drilled.ids["LedgerAgeAlarm"], "five minutes")
    ]
    assert next(queue for queue in now.queues if queue.name == "bidder-ledger").dead == 1
    message = "\n".join(lines(now))
    assert f"90% to version {live}, 10% to version 7" in message
    assert "five minutes" in message


def test_the_error_names_an_unknown_stack(drilled: Drill) -> None:
    with pytest.raises(NoStack, match="no stack nowhere"):
        status(drilled.session, "nowhere", datetime.now(UTC))
