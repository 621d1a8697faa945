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
from bidder.snapshot.keys import POINTER
from tests.support.events import event
from tools import ROOT
from tools.deploy import environment
from tools.package import HAS_SNAP_START, Package
from tools.template import joined, stating_parameters, with_code

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
            "kind": ["impression", "firstQuartile", "complete", "click", "win", "bill", "loss", "traffic"],
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
HOOKS = ("BeforeTraffic", "AfterTraffic", "BeforeLedger")
RARE = (*HOOKS, "StopBidding")
"""Those that are invoked once a deployment, and once an alarm."""
FUNCTIONS = {"APIHandler": "BidRole"} | {name: f"{name}Role" for name in ("Refresh", "ParameterCopy", *QUEUES, *RARE)}
NEEDS_ANY_RESOURCE = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    *("cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"),
}


@pytest.fixture(scope="session")
def sam(built: Package) -> Template:
    return with_code(json.loads(built.template.read_text()), "s3://artifacts/bidder.zip")


@pytest.fixture(scope="session")
def with_snap_start(sam: Template) -> Template:
    """The same as a Python packages it whose runtime has SnapStart, whatever this one's is."""
    ours = joined(ROOT / ".chalice/resources")
    text = re.sub(r'"Runtime": "python3\.\d+"', '"Runtime": "python3.13"', json.dumps(sam))
    template: Template = json.loads(text)
    template["Parameters"]["SnapStart"] = ours["Parameters"]["SnapStart"]
    api = template["Resources"]["APIHandler"]["Properties"]
    api["SnapStart"] = ours["Resources"]["APIHandler"]["Properties"]["SnapStart"]
    return template


def translate(sam: Template) -> Template:
    template: Template = Translator({}, Parser()).translate(json.loads(json.dumps(sam)), {})
    return template


@pytest.fixture(scope="session")
def translated(sam: Template) -> Template:
    return translate(sam)


@pytest.fixture(scope="session")
def translated_with_snap_start(with_snap_start: Template) -> Template:
    return translate(with_snap_start)


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


def the_allowing(policy: Template) -> dict[str, Any]:
    """The one statement of a resource's policy that allows something; the others deny."""
    (statement,) = (each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow")
    return statement


def refers_to(value: Any, name: str) -> bool:
    return set(referred(value)) == {name}


@pytest.mark.parametrize("form", ["sam", "translated", "with_snap_start", "translated_with_snap_start"])
def test_cfn_lint_finds_nothing(form: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = tmp_path / f"{form}.json"
    path.write_text(json.dumps(request.getfixturevalue(form)))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    outcome = subprocess.run([cfn_lint, path], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own template
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(("function", "role"), FUNCTIONS.items())
def test_each_function_may_do_only_what_it_names(sam: Template, function: str, role: str) -> None:
    ours = {name for name, resource in sam["Resources"].items() if not resource["Type"].startswith("AWS::Serverless")}
    ours |= {"BeforeTraffic": {"APIHandler"}, "BeforeLedger": {"Ledger"}}.get(function, set())
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
        elif actions == ["codedeploy:PutLifecycleEventHookExecutionStatus"]:
            # SAM makes the deployment group; CloudFormation begins its name with the stack's
            assert statement["Resource"]["Fn::Sub"].endswith(":deploymentgroup:${AWS::StackName}-*")
        else:
            assert set(referred(statement["Resource"])) <= ours, statement
            assert set(referred(statement["Resource"])), statement


def test_a_bid_may_read_the_frequency_table_and_do_nothing_else_with_dynamodb(sam: Template) -> None:
    policies = sam["Resources"]["BidRole"]["Properties"]["Policies"]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    [ours] = [statement for statement in statements if "dynamodb" in json.dumps(statement["Action"])]
    assert ours["Action"] == "dynamodb:BatchGetItem"
    assert refers_to(ours["Resource"], "FrequencyTable")


@pytest.mark.parametrize("name", CONSUMERS)
def test_only_the_events_topic_may_send_to_a_consumers_queues(sam: Template, name: str) -> None:
    policy = sam["Resources"][f"{name}QueuePolicy"]["Properties"]
    statement = the_allowing(policy)
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
    assert refers_to(mapping["FunctionName"], "LedgerAliaslive" if name == "Ledger" else name)
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
        (alarm.get("MetricName"), *referred(alarm.get("Dimensions")))
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
    types["object"] = {"map<string,array<int>>"}
    fields = Event.model_json_schema()["properties"]
    assert partitions == {"kind", "hour"}
    assert set(columns) == set(fields) - partitions
    for name, column in columns.items():
        message = next(
            entry for entry in (fields[name], *fields[name].get("anyOf", [])) if "type" in entry or "const" in entry
        )
        assert column in types[message.get("type", "integer")], name


def test_the_archives_partitions_are_where_its_objects_are(sam: Template) -> None:
    projection = only(sam, "AWS::Glue::Table")["TableInput"]["Parameters"]
    assert set(projection["projection.kind.values"].split(",")) == set(Kind)
    template = projection["storage.location.template"]["Fn::Sub"]
    (result,) = archive_objects({"message": event(at=datetime(2026, 11, 23, 7, tzinfo=UTC))})
    path = template.replace("s3://${ArchiveBucket}/", "").replace("${!kind}", "impression")
    assert result.key.startswith(path.replace("${!hour}", "2026-11-23-07"))


def test_every_minute_the_schedule_publishes_and_the_refresh_runs(translated: Template) -> None:
    rule = translated["Resources"]["RefreshSchedule"]["Properties"]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    assert refers_to(target["Arn"], "CampaignRefreshTopic")
    policy = translated["Resources"]["CampaignRefreshTopicPolicy"]["Properties"]
    statement = the_allowing(policy)
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert refers_to(policy["Topics"], "CampaignRefreshTopic")
    subscription = translated["Resources"]["RefreshSubscription"]["Properties"]
    assert subscription["Protocol"] == "sqs"
    assert refers_to(subscription["TopicArn"], "CampaignRefreshTopic")
    assert refers_to(subscription["Endpoint"], "RefreshQueue")
    assert subscription["RawMessageDelivery"] is True
    statement = the_allowing(translated["Resources"]["RefreshQueuePolicy"]["Properties"])
    assert refers_to(statement["Condition"]["ArnEquals"]["aws:SourceArn"], "CampaignRefreshTopic")
    (mapping,) = refresh_mappings(translated)
    assert refers_to(mapping["EventSourceArn"], "RefreshQueue")


def test_parameters_are_copied_every_minute_and_when_they_change(translated: Template) -> None:
    rules = [
        rule
        for rule in of_type(translated, "AWS::Events::Rule").values()
        if any(refers_to(target["Arn"], "ParameterCopy") for target in rule["Targets"])
    ]
    scheduled, changed = sorted(rules, key=lambda rule: "EventPattern" in rule)
    assert scheduled["ScheduleExpression"] == "rate(1 minute)"
    assert changed["EventPattern"]["source"] == ["aws.ssm"]
    assert changed["EventPattern"]["detail"]["name"] == [{"prefix": {"Fn::Sub": "${ParameterPrefix}/"}}]


def test_only_the_bid_may_decrypt_the_copy_of_the_parameters(sam: Template) -> None:
    statements = sam["Resources"]["ParameterCopyKey"]["Properties"]["KeyPolicy"]["Statement"]
    users = [statement for statement in statements if statement["Sid"] != "AccountAdministers"]
    assert {
        statement["Action"]: role
        for statement in users
        for role in FUNCTIONS.values()
        if refers_to(statement["Principal"], role)
    } == {"kms:Decrypt": "BidRole", "kms:GenerateDataKey": "ParameterCopyRole"}
    assert all("kms:ViaService" in statement["Condition"]["StringEquals"] for statement in users)
    [account] = [statement for statement in statements if statement not in users]
    assert not {"kms:*", "kms:Decrypt", "kms:GenerateDataKey", "kms:Create*"} & set(account["Action"])
    roles = {role for role in FUNCTIONS.values() if "/parameters/*" in json.dumps(sam["Resources"][role])}
    assert roles == {"BidRole", "ParameterCopyRole"}


def refresh_mappings(translated: Template) -> list[dict[str, Any]]:
    mappings = of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    return [mapping for mapping in mappings if refers_to(mapping["FunctionName"], "Refresh")]


def test_requests_for_a_refresh_wait_for_each_other_in_a_queue_and_are_never_throttled(translated: Template) -> None:
    """Lambda gives up invocations that it throttles. Messages of a queue it takes only as it can work on them."""
    (mapping,) = refresh_mappings(translated)
    function = translated["Resources"]["Refresh"]["Properties"]
    queue = translated["Resources"]["RefreshQueue"]["Properties"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == function["ReservedConcurrentExecutions"]["Fn::If"][1] == 2
    assert mapping["BatchSize"] == 1000, "one refresh answers all that wait"
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


def test_a_request_for_a_refresh_that_is_given_up_is_put_aside(translated: Template) -> None:
    redrive = translated["Resources"]["RefreshQueue"]["Properties"]["RedrivePolicy"]
    assert refers_to(redrive["deadLetterTargetArn"], "RefreshDeadLetterQueue")


def test_functions_and_the_one_api_stage_are_traced(translated: Template) -> None:
    stage = only(translated, "AWS::ApiGateway::Stage")
    assert (stage["StageName"], stage["TracingEnabled"]) == ("api", True)
    functions = of_type(translated, "AWS::Lambda::Function")
    assert set(functions) == {*FUNCTIONS, "PlainHandler"}
    assert {function["TracingConfig"]["Mode"] for function in functions.values()} == {"Active"}


def test_other_entrances_are_off_by_default_and_guarded(translated: Template) -> None:
    parameters = translated["Parameters"]
    assert (parameters["FunctionUrl"]["Default"], parameters["LoadBalancerVpc"]["Default"]) == ("off", "")
    ours = {
        name: resource
        for name, resource in translated["Resources"].items()
        if name.startswith(("PlainHandler", "LoadBalancer"))
    }
    assert {resource["Condition"] for resource in ours.values()} == {
        "HasPlainHandler",
        "HasFunctionUrl",
        "HasOpenFunctionUrl",
        "HasLoadBalancer",
    }
    function = ours["PlainHandler"]["Properties"]
    assert function["Runtime"] == translated["Resources"]["APIHandler"]["Properties"]["Runtime"]
    assert function["Role"] == {"Fn::GetAtt": ["BidRole", "Arn"]}
    assert {"Ref": "EntranceConcurrency"} in function["ReservedConcurrentExecutions"]["Fn::If"]
    assert ours["LoadBalancerPermission"]["Properties"]["SourceAccount"] == {"Ref": "AWS::AccountId"}
    [ingress] = ours["LoadBalancerSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert (ingress["FromPort"], ingress["ToPort"], ingress["CidrIp"]) == (443, 443, {"Ref": "LoadBalancerSources"})


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
    assert {name: response["statusCode"] for name, response in responses.items() if "statusCode" in response} == {
        "THROTTLED": "503",
        "DEFAULT_5XX": "503",
    }


def test_what_the_api_answers_itself_can_be_read_by_pages(translated: Template) -> None:
    api = only(translated, "AWS::ApiGateway::RestApi")["Body"]
    responses = api["x-amazon-apigateway-gateway-responses"]
    assert set(responses) == {"THROTTLED", "DEFAULT_4XX", "DEFAULT_5XX"}
    for response in responses.values():
        headers = response["responseParameters"]
        origin = headers["gatewayresponse.header.Access-Control-Allow-Origin"]
        assert origin == "method.request.header.Origin"


def methods(template: Template) -> dict[tuple[str, str], Template]:
    """The integration of each method of the API, by path and verb."""
    api = template["Resources"]["RestAPI"]["Properties"]
    paths = (api.get("Body") or api["DefinitionBody"])["paths"]
    return {
        (path, verb): method["x-amazon-apigateway-integration"]
        for path, verbs in paths.items()
        for verb, method in verbs.items()
    }


@pytest.mark.parametrize("form", ["sam", "translated"])
def test_every_request_of_the_api_reaches_the_alias(form: str, request: pytest.FixtureRequest) -> None:
    template = request.getfixturevalue(form)
    requested = {
        key: list(referred(method["uri"])) for key, method in methods(template).items() if method["type"] == "aws_proxy"
    }
    assert {path for path, _ in requested} >= {"/bid", "/e", "/e/{kind}/{token}", "/explain", "/health"}
    assert {tuple(name for name in names if "::" not in name) for names in requested.values()} == {
        ("APIHandlerAliaslive",)
    }
    assert [
        method_item for method_item in methods(template).values() if method_item["type"] not in {"aws_proxy", "mock"}
    ] == []


def test_the_api_may_invoke_the_alias_and_not_the_function_past_it(translated: Template) -> None:
    permissions = of_type(translated, "AWS::Lambda::Permission").values()
    (item,) = (permission for permission in permissions if permission["Principal"] == "apigateway.amazonaws.com")
    assert refers_to(item["FunctionName"], "APIHandlerAliaslive")


def test_the_alias_is_the_latest_version_of_the_function(translated: Template) -> None:
    versions = of_type(translated, "AWS::Lambda::Version")
    assert len(versions) == 2
    for function in ("APIHandler", "Ledger"):
        alias = translated["Resources"][f"{function}Aliaslive"]["Properties"]
        [(version, item)] = [(name, each) for name, each in versions.items() if name.startswith(f"{function}Version")]
        assert alias["Name"] == "live"
        assert refers_to(alias["FunctionName"], function)
        assert refers_to(item["FunctionName"], function)
        assert refers_to(alias["FunctionVersion"], version)
        assert translated["Resources"][version]["DeletionPolicy"] == "Retain", "tools.versions deletes old ones"


def test_environments_are_kept_started_only_when_asked(translated: Template) -> None:
    assert translated["Parameters"]["ProvisionedConcurrency"]["Default"] == 0
    assert translated["Conditions"]["Provisions"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ProvisionedConcurrency"}, 0]}]
    }
    condition, provisioned, otherwise = translated["Resources"]["APIHandlerAliaslive"]["Properties"][
        "ProvisionedConcurrencyConfig"
    ]["Fn::If"]
    assert condition == "Provisions"
    assert refers_to(provisioned["ProvisionedConcurrentExecutions"], "ProvisionedConcurrency")
    assert otherwise == {"Ref": "AWS::NoValue"}


def test_snap_start_is_the_parameters_and_off_by_default(translated_with_snap_start: Template) -> None:
    parameter = translated_with_snap_start["Parameters"]["SnapStart"]
    assert (parameter["Default"], parameter["AllowedValues"]) == ("None", ["None", "PublishedVersions"])
    functions = of_type(translated_with_snap_start, "AWS::Lambda::Function")
    assert {name for name, function in functions.items() if "SnapStart" in function} == {"APIHandler"}
    assert refers_to(functions["APIHandler"]["SnapStart"]["ApplyOn"], "SnapStart")


@pytest.mark.skipif(sys.version_info >= HAS_SNAP_START, reason="this Python's runtime has SnapStart")
def test_a_runtime_without_snap_start_is_not_asked_for_it(sam: Template) -> None:
    assert sam["Parameters"]["SnapStart"]["AllowedValues"] == ["None"]
    assert "before 3.12" in sam["Parameters"]["SnapStart"]["ConstraintDescription"]
    assert "SnapStart" not in sam["Resources"]["APIHandler"]["Properties"]


@pytest.mark.parametrize("changed", ["SnapStart", "ParameterPrefix", "LogRetentionDays"])
def test_a_parameter_that_the_function_is_made_from_is_a_new_version(with_snap_start: Template, changed: str) -> None:
    values = {name: str(parameter.get("Default")) for name, parameter in with_snap_start["Parameters"].items()}
    before, after = (
        list(of_type(translate(stating_parameters(with_snap_start, entry)), "AWS::Lambda::Version"))
        for entry in (values, values | {changed: "changed"})
    )
    assert (before != after) == (changed != "LogRetentionDays")
