"""The template that is deployed, as SAM and as CloudFormation gets it from SAM's transform."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from bidder.events.archive import archive_objects
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.settings import PREFIX, Settings
from bidder.snapshot.manifest import POINTER
from tests.events import event
from tools import ROOT
from tools.deploy import environment
from tools.package import Package
from tools.template import with_code

Template = dict[str, Any]


class Consumer(NamedTuple):
    """What a consumer's subscription lets through, None for everything; its batch and how long that is waited for."""

    filter: dict[str, Any] | None
    batch: int = 10
    window: int = 0


CONSUMERS = {
    "Ledger": Consumer({"kind": ["impression", "bill"], "test": ["false"]}, batch=100, window=1),
    "Archive": Consumer(None, batch=1000, window=60),
    "Learning": Consumer(
        {
            "kind": ["impression", "firstQuartile", "complete", "click", "win", "loss"],
            "test": ["false"],
            "invalid": [{"exists": False}],
        }
    ),
    "Frequency": Consumer(
        {"kind": ["impression"], "user": [{"exists": True}], "test": ["false"], "invalid": [{"exists": False}]}
    ),
}
QUEUES = CONSUMERS | {"Notices": Consumer(None)}
"""Those of consumers, and what waits for SNS."""
FUNCTIONS = {"APIHandler": "BidRole", "Refresh": "RefreshRole"} | {name: f"{name}Role" for name in QUEUES}
NEEDS_ANY_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}


@pytest.fixture(scope="session")
def sam(built: Package) -> Template:
    return with_code(json.loads(built.template.read_text()), "s3://artifacts/bidder.zip")


@pytest.fixture(scope="session")
def translated(sam: Template) -> Template:
    template: Template = Translator({}, Parser()).translate(json.loads(json.dumps(sam)), {})
    return template


def of_type(template: Template, kind: str) -> dict[str, Template]:
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def only(template: Template, kind: str) -> Template:
    (properties,) = of_type(template, kind).values()
    return properties


def referred(value: Any) -> Iterator[str]:
    """The logical ids that a value refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                yield from (name.split(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", text))
            else:
                yield from referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from referred(inner)


def refers_to(value: Any, name: str) -> bool:
    return set(referred(value)) == {name}


@pytest.mark.parametrize("form", ["sam", "translated"])
def test_cfn_lint_finds_nothing(form: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = tmp_path / f"{form}.json"
    path.write_text(json.dumps(request.getfixturevalue(form)))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    found = subprocess.run([cfn_lint, path], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own template
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(("function", "role"), FUNCTIONS.items())
def test_each_function_may_do_only_what_it_names(sam: Template, function: str, role: str) -> None:
    ours = {name for name, resource in sam["Resources"].items() if not resource["Type"].startswith("AWS::Serverless")}
    assert refers_to(sam["Resources"][function]["Properties"]["Role"], role)
    policies = sam["Resources"][role]["Properties"]["Policies"]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    assert statements
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        if statement["Resource"] == "*":
            assert set(actions) <= NEEDS_ANY_RESOURCE or statement["Effect"] == "Deny"
        elif actions == ["ssm:GetParametersByPath"]:
            # the path itself is what is asked for; both are what IAM's documentation has for a path
            ends = [resource["Fn::Sub"].partition(":parameter")[2] for resource in statement["Resource"]]
            assert ends == ["${ParameterPrefix}", "${ParameterPrefix}/*"]
        else:
            assert set(referred(statement["Resource"])) <= ours, statement
            assert set(referred(statement["Resource"])), statement


@pytest.mark.parametrize("name", CONSUMERS)
def test_only_the_events_topic_may_send_to_a_consumers_queues(sam: Template, name: str) -> None:
    policy = sam["Resources"][f"{name}QueuePolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert set(referred(policy["Queues"])) == {f"{name}Queue", f"{name}DeadLetterQueue"}
    assert set(referred(statement["Resource"])) == {f"{name}Queue", f"{name}DeadLetterQueue"}
    assert refers_to(statement["Condition"]["ArnEquals"]["aws:SourceArn"], "BidEventsTopic")


@pytest.mark.parametrize(("name", "consumer"), CONSUMERS.items())
def test_a_consumer_gets_the_events_that_it_counts(sam: Template, name: str, consumer: Consumer) -> None:
    resource = sam["Resources"][f"{name}Subscription"]
    subscription = resource["Properties"]
    assert resource["DependsOn"] == f"{name}QueuePolicy"
    assert refers_to(subscription["TopicArn"], "BidEventsTopic")
    assert refers_to(subscription["Endpoint"], f"{name}Queue")
    assert subscription["RawMessageDelivery"] is True
    assert subscription.get("FilterPolicy") == consumer.filter
    assert refers_to(subscription["RedrivePolicy"]["deadLetterTargetArn"], f"{name}DeadLetterQueue")


@pytest.mark.parametrize(("name", "consumer"), QUEUES.items())
def test_a_consumer_retries_single_messages_and_then_puts_them_aside(
    sam: Template, translated: Template, name: str, consumer: Consumer
) -> None:
    mappings = of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    (mapping,) = (mapping for mapping in mappings if refers_to(mapping["EventSourceArn"], f"{name}Queue"))
    assert refers_to(mapping["FunctionName"], name)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (consumer.batch, consumer.window)
    assert consumer.batch <= 10 or consumer.window > 0, "SQS hands out more than 10 to who waits for them"
    queue = sam["Resources"][f"{name}Queue"]["Properties"]
    assert refers_to(queue["RedrivePolicy"]["deadLetterTargetArn"], f"{name}DeadLetterQueue")
    # AWS's advice for a queue that triggers a function.
    timeout = sam["Resources"][name]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout + consumer.window
    aside = sam["Resources"][f"{name}DeadLetterQueue"]["Properties"]
    assert queue["MessageRetentionPeriod"] == aside["MessageRetentionPeriod"] == 14 * 24 * 3600


@pytest.mark.parametrize("name", QUEUES)
def test_who_minds_a_consumer_hears_of_dead_letters_delay_and_errors(sam: Template, name: str) -> None:
    watched = {
        (alarm["MetricName"], *referred(alarm["Dimensions"]))
        for alarm in of_type(sam, "AWS::CloudWatch::Alarm").values()
    }
    assert {
        ("ApproximateNumberOfMessagesVisible", f"{name}DeadLetterQueue"),
        ("ApproximateAgeOfOldestMessage", f"{name}Queue"),
        ("Errors", name),
    } <= watched


def test_the_archives_table_has_every_field_of_an_event(sam: Template) -> None:
    table = only(sam, "AWS::Glue::Table")["TableInput"]
    partitions = {column["Name"] for column in table["PartitionKeys"]}
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    types = {"integer": {"int", "bigint"}, "boolean": {"boolean"}, "string": {"string"}}
    fields = Event.model_json_schema()["properties"]
    assert partitions == {"kind", "hour"}
    assert set(columns) == set(fields) - partitions
    for name, column in columns.items():
        said = next(its for its in (fields[name], *fields[name].get("anyOf", [])) if "type" in its or "const" in its)
        assert column in types[said.get("type", "integer")], name


def test_the_archives_partitions_are_where_its_objects_are(sam: Template) -> None:
    projection = only(sam, "AWS::Glue::Table")["TableInput"]["Parameters"]
    assert set(projection["projection.kind.values"].split(",")) == set(Kind)
    template = projection["storage.location.template"]["Fn::Sub"]
    (made,) = archive_objects({"message": event(at=datetime(2026, 11, 23, 7, tzinfo=UTC))})
    path = template.replace("s3://${ArchiveBucket}/", "").replace("${!kind}", "impression")
    assert made.key.startswith(path.replace("${!hour}", "2026-11-23-07"))


def test_every_minute_the_schedule_publishes_and_the_refresh_runs(translated: Template) -> None:
    rule = only(translated, "AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    assert refers_to(target["Arn"], "CampaignRefreshTopic")
    policy = only(translated, "AWS::SNS::TopicPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert refers_to(policy["Topics"], "CampaignRefreshTopic")
    (subscription,) = (s for s in of_type(translated, "AWS::SNS::Subscription").values() if s["Protocol"] == "lambda")
    assert refers_to(subscription["TopicArn"], "CampaignRefreshTopic")
    assert refers_to(subscription["Endpoint"], "Refresh")


def test_a_refresh_that_is_given_up_is_put_aside(translated: Template) -> None:
    dead_letters = translated["Resources"]["Refresh"]["Properties"]["DeadLetterConfig"]["TargetArn"]
    assert refers_to(dead_letters, "RefreshDeadLetterQueue")


def test_functions_and_the_one_api_stage_are_traced(translated: Template) -> None:
    stage = only(translated, "AWS::ApiGateway::Stage")
    assert (stage["StageName"], stage["TracingEnabled"]) == ("api", True)
    functions = of_type(translated, "AWS::Lambda::Function")
    assert set(functions) == set(FUNCTIONS)
    assert {function["TracingConfig"]["Mode"] for function in functions.values()} == {"Active"}


def test_every_alarm_tells_someone(sam: Template) -> None:
    alarms = of_type(sam, "AWS::CloudWatch::Alarm")
    assert all(refers_to(alarm["AlarmActions"], "AlarmTopic") for alarm in alarms.values())
    watched = {name for alarm in alarms.values() for name in referred(alarm["Dimensions"])}
    dead_letters = {name for name in of_type(sam, "AWS::SQS::Queue") if "DeadLetter" in name}
    assert dead_letters | {"Refresh"} <= watched
    assert "5XXError" in {alarm["MetricName"] for alarm in alarms.values()}


def test_no_lifecycle_rule_reaches_the_pointer(sam: Template) -> None:
    rules = sam["Resources"]["SnapshotBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rules
    assert not [rule for rule in rules if POINTER.startswith(rule["Prefix"])]


def test_functions_and_outputs_have_every_setting_that_is_required(sam: Template, stack: dict[str, str]) -> None:
    required = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= set(sam["Globals"]["Function"]["Environment"]["Variables"])
    assert required <= set(environment(dict.fromkeys(sam["Outputs"], "")))
    assert required <= set(stack)


def test_logs_expire(sam: Template) -> None:
    for function in FUNCTIONS:
        (group,) = referred(sam["Resources"][function]["Properties"]["LoggingConfig"]["LogGroup"])
        assert refers_to(sam["Resources"][group]["Properties"]["RetentionInDays"], "LogRetentionDays")


def test_the_api_passes_bodies_as_bytes_and_answers_503_for_want_of_capacity(translated: Template) -> None:
    api = only(translated, "AWS::ApiGateway::RestApi")["Body"]
    assert api["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert set(api["paths"]) >= {"/bid", "/e/{kind}/{token}", "/health"}
    responses = api["x-amazon-apigateway-gateway-responses"]
    assert {name: response["statusCode"] for name, response in responses.items()} == {
        "THROTTLED": "503",
        "DEFAULT_5XX": "503",
    }
