"""The queues of consumers and of the refresh in the deployed template, and the archive's table."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bidder.events.archive import archive_objects
from bidder.events.event import Event
from bidder.events.kinds import Kind
from tests.integration.sam_template import Template, of_type, only, referred, refers_to, the_allowing
from tests.integration.stack_functions import CONSUMERS, QUEUES, Consumer
from tests.support.events import event


@pytest.mark.parametrize("name", CONSUMERS)
def test_only_the_events_topic_may_send_to_a_consumers_queues(sam: Template, name: str) -> None:
    policy = sam["Resources"][f"{name}QueuePolicy"]["Properties"]
    statement = the_allowing(policy)
    assert set(referred(policy["Queues"])) == {f"{name}Queue", f"{name}DeadLetterQueue"}
    assert set(referred(statement["Resource"])) == {f"{name}Queue", f"{name}DeadLetterQueue"}
    assert refers_to(statement["Condition"]["ArnEquals"]["aws:SourceArn"], "BidEventsTopic")


@pytest.mark.parametrize(("name", "consumer"), CONSUMERS.items())
def test_the_filter_policy_of_a_consumer_has_the_kinds_that_it_counts(
    sam: Template, name: str, consumer: Consumer
) -> None:
    resource = sam["Resources"][f"{name}Subscription"]
    subscription = resource["Properties"]
    assert resource["DependsOn"] == f"{name}QueuePolicy"
    assert refers_to(subscription["TopicArn"], "BidEventsTopic")
    assert refers_to(subscription["Endpoint"], f"{name}Queue")
    assert subscription["RawMessageDelivery"] is True
    assert subscription.get("FilterPolicy") == consumer.filter
    assert refers_to(subscription["RedrivePolicy"]["deadLetterTargetArn"], f"{name}DeadLetterQueue")


@pytest.mark.parametrize(("name", "consumer"), QUEUES.items())
def test_a_failed_message_is_retried_alone_and_then_becomes_a_dead_letter(
    sam: Template, cloudformation_template: Template, name: str, consumer: Consumer
) -> None:
    mappings = of_type(cloudformation_template, "AWS::Lambda::EventSourceMapping").values()
    (mapping,) = (mapping for mapping in mappings if refers_to(mapping["EventSourceArn"], f"{name}Queue"))
    assert refers_to(mapping["FunctionName"], "LedgerAliaslive" if name == "Ledger" else name)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (consumer.batch, consumer.window)
    assert consumer.batch <= 10 or consumer.window > 0, "SQS hands out more than 10 to who waits for them"
    queue = sam["Resources"][f"{name}Queue"]["Properties"]
    assert refers_to(queue["RedrivePolicy"]["deadLetterTargetArn"], f"{name}DeadLetterQueue")
    # The recommendation of AWS for a queue that triggers a function.
    timeout = sam["Resources"][name]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout + consumer.window
    aside = sam["Resources"][f"{name}DeadLetterQueue"]["Properties"]
    assert queue["MessageRetentionPeriod"] == aside["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("name", QUEUES)
def test_each_consumer_has_alarms_on_dead_letters_delay_and_errors(sam: Template, name: str) -> None:
    watched_metrics = {
        (alarm.get("MetricName"), *referred(alarm.get("Dimensions")))
        for alarm in of_type(sam, "AWS::CloudWatch::Alarm").values()
    }
    assert {
        ("ApproximateNumberOfMessagesVisible", f"{name}DeadLetterQueue"),
        ("ApproximateAgeOfOldestMessage", f"{name}Queue"),
        ("Errors", name),
    } <= watched_metrics


def test_the_archives_table_has_every_field_of_an_event(sam: Template) -> None:
    table = only(sam, "AWS::Glue::Table")["TableInput"]
    partitions = {column["Name"] for column in table["PartitionKeys"]}
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    types = {"integer": {"int", "bigint"}, "boolean": {"boolean"}, "string": {"string"}}
    types["object"] = {"map<string,array<int>>"}
    fields = Event.model_json_schema()["properties"]
    assert partitions == {"kind", "hour"}
    assert set(columns) == set(fields) - partitions
    for name, column in columns.items():
        message = next(
            entry for entry in (fields[name], *fields[name].get("anyOf", [])) if "type" in entry or "const" in entry
        )
        assert column in types[message.get("type", "integer")], name


def test_the_partitions_of_the_archive_table_have_the_keys_of_its_objects(sam: Template) -> None:
    projection = only(sam, "AWS::Glue::Table")["TableInput"]["Parameters"]
    assert set(projection["projection.kind.values"].split(",")) == set(Kind)
    template = projection["storage.location.template"]["Fn::Sub"]
    (result,) = archive_objects({"message": event(at=datetime(2026, 11, 23, 7, tzinfo=UTC))})
    path = template.replace("s3://${ArchiveBucket}/", "").replace("${!kind}", "impression")
    assert result.key.startswith(path.replace("${!hour}", "2026-11-23-07"))


def test_every_minute_the_schedule_publishes_and_the_refresh_runs(cloudformation_template: Template) -> None:
    rule = cloudformation_template["Resources"]["RefreshSchedule"]["Properties"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    assert refers_to(target["Arn"], "CampaignRefreshTopic")
    policy = cloudformation_template["Resources"]["CampaignRefreshTopicPolicy"]["Properties"]
    statement = the_allowing(policy)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert refers_to(policy["Topics"], "CampaignRefreshTopic")
    subscription = cloudformation_template["Resources"]["RefreshSubscription"]["Properties"]
    assert subscription["Protocol"] == "sqs"
    assert refers_to(subscription["TopicArn"], "CampaignRefreshTopic")
    assert refers_to(subscription["Endpoint"], "RefreshQueue")
    assert subscription["RawMessageDelivery"] is True
    statement = the_allowing(cloudformation_template["Resources"]["RefreshQueuePolicy"]["Properties"])
    assert refers_to(statement["Condition"]["ArnEquals"]["aws:SourceArn"], "CampaignRefreshTopic")
    (mapping,) = refresh_mappings(cloudformation_template)
    assert refers_to(mapping["EventSourceArn"], "RefreshQueue")


def refresh_mappings(cloudformation_template: Template) -> list[dict[str, Any]]:
    mappings = of_type(cloudformation_template, "AWS::Lambda::EventSourceMapping").values()
    return [mapping for mapping in mappings if refers_to(mapping["FunctionName"], "Refresh")]


def test_refresh_requests_wait_in_a_queue_and_are_not_throttled(cloudformation_template: Template) -> None:
    """Lambda drops throttled invocations, but polls a queue only as fast as it can process messages."""
    (mapping,) = refresh_mappings(cloudformation_template)
    function = cloudformation_template["Resources"]["Refresh"]["Properties"]
    queue = cloudformation_template["Resources"]["RefreshQueue"]["Properties"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == function["ReservedConcurrentExecutions"]["Fn::If"][1] == 2
    assert mapping["BatchSize"] == 1000, "one refresh answers all that wait"
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_a_failed_refresh_request_becomes_a_dead_letter(cloudformation_template: Template) -> None:
    redrive = cloudformation_template["Resources"]["RefreshQueue"]["Properties"]["RedrivePolicy"]
    assert refers_to(redrive["deadLetterTargetArn"], "RefreshDeadLetterQueue")
