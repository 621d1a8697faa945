"""Security rules for all resources of all templates: encryption, TLS, log retention, backups, minimal permissions.

A list in this file has the exceptions with their reasons.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.sam_template import Template, translate
from tests.support.cloudformation import Stack
from tools import ROOT
from tools.package import Package
from tools.template import load_template, with_code

TEMPLATES = ("bidder", "creatives", "worker", "container", "pipeline", "roles")
PARAMETERS = {
    "ParameterPrefix": "/bidder",
    "Repository": "owner/name",
    "GitHubRepository": "owner/name",
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/b",
    "MonthlyBudget": "1000",
    "LayerKey": "layer.zip",
    "FunctionUrl": "AWS_IAM",
}
"""Parameters that enable optional resources, so that the rules apply to them too."""
UNENCRYPTED_TOPICS = {
    "CampaignRefreshTopic": "EventBridge can't publish under AWS's own key; a message says refresh",
    "AlarmTopic": "CloudWatch and Budgets can't; a message is an alarm",
    "WarningTopic": "as AlarmTopic",
    "UploadTopic": "S3 can't; a message names an object",
    "ApprovalTopic": "CodePipeline can't; a message is a link",
}
OPENED_BY_POLICY = {"CreativeBucket": "players fetch media/* without credentials"}
ANY_RESOURCE = {
    "xray:PutTraceSegments": "X-Ray has no resources",
    "xray:PutTelemetryRecords": "X-Ray has no resources",
    "cloudwatch:GetMetricData": "CloudWatch has no resources of metrics",
    "cloudwatch:DescribeAlarms": "it asks for all of several",
    "lambda:CreateEventSourceMapping": "Lambda has no resource for it",
    "lambda:ListEventSourceMappings": "Lambda has no resource for it",
}
NAMELESS = ("kms:", "wafv2:")
"""Services whose resources have no names of the stack, in the role with which CloudFormation creates them."""


@pytest.fixture(scope="session")
def stacks(built_package: Package) -> dict[str, Stack]:
    return {name: Stack(template(name, built_package), "bidder", PARAMETERS) for name in TEMPLATES}


def template(name: str, built_package: Package) -> Template:
    if name == "bidder":
        return translate(with_code(json.loads(built_package.template.read_text()), "s3://artifacts/bidder.zip"))
    path = ROOT / f"deploy/{name}.yaml"
    loaded = load_template(path)
    if "Transform" not in loaded:
        return loaded
    loaded["Globals"]["Function"]["CodeUri"] = "s3://artifacts/creatives.zip"
    return translate(loaded)


def every(stacks: dict[str, Stack], kind: str) -> list[tuple[str, dict[str, Any]]]:
    """The logical id and the properties of each resource of a type, in all templates."""
    resources = [each for stack in stacks.values() for each in stack.resources(kind).items()]
    assert resources, kind
    return resources


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Each statement of each policy within a value."""
    if isinstance(value, dict):
        if "Effect" in value and ("Action" in value or "NotAction" in value):
            yield value
        for inner in value.values():
            yield from statements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from statements(inner)


def texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def refusing_plain_http(stacks: dict[str, Stack], kind: str) -> str:
    """The statements of a resource type's policies that deny requests without TLS, as text."""
    denials = [
        statement
        for _, properties in every(stacks, kind)
        for statement in statements(properties)
        if statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    ]
    return json.dumps([texts(statement["Resource"]) for statement in denials])


def test_tables_can_be_restored_and_are_not_deleted(stacks: dict[str, Stack]) -> None:
    for name, table in every(stacks, "AWS::DynamoDB::Table"):
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert table["DeletionProtectionEnabled"] is True, name


def test_buckets_are_encrypted_and_closed(stacks: dict[str, Stack]) -> None:
    for name, bucket in every(stacks, "AWS::S3::Bucket"):
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"], name
        block = bucket["PublicAccessBlockConfiguration"]
        open_to = {key for key in block if not block[key]}
        assert len(block) == 4
        assert open_to == ({"BlockPublicPolicy", "RestrictPublicBuckets"} if name in OPENED_BY_POLICY else set()), name


def test_only_media_are_public(stacks: dict[str, Stack]) -> None:
    public = [
        statement
        for _, policy in every(stacks, "AWS::S3::BucketPolicy")
        for statement in statements(policy)
        if statement["Effect"] == "Allow" and statement["Principal"] == "*"
    ]
    assert [(each["Action"], each["Resource"]) for each in public] == [
        ("s3:GetObject", "bidder-CreativeBucket.Arn/media/*")
    ]


def test_buckets_refuse_plain_http(stacks: dict[str, Stack]) -> None:
    refusing = refusing_plain_http(stacks, "AWS::S3::BucketPolicy")
    for name, _ in every(stacks, "AWS::S3::Bucket"):
        assert f'["bidder-{name}.Arn", "bidder-{name}.Arn/*"]' in refusing, name


def test_queues_are_encrypted_and_refuse_plain_http(stacks: dict[str, Stack]) -> None:
    refusing = refusing_plain_http(stacks, "AWS::SQS::QueuePolicy")
    for name, queue in every(stacks, "AWS::SQS::Queue"):
        assert queue["SqsManagedSseEnabled"] is True, name
        assert f'"bidder-{name}.Arn"' in refusing, name


def test_topics_are_encrypted_and_refuse_plain_http(stacks: dict[str, Stack]) -> None:
    refusing = refusing_plain_http(stacks, "AWS::SNS::TopicPolicy")
    topics = every(stacks, "AWS::SNS::Topic")
    assert {name for name, topic in topics if "KmsMasterKeyId" not in topic} == UNENCRYPTED_TOPICS.keys()
    for name, _ in topics:
        assert f'"bidder-{name}"' in refusing, name


def test_logs_have_a_retention(stacks: dict[str, Stack]) -> None:
    for name, group in every(stacks, "AWS::Logs::LogGroup"):
        assert int(group["RetentionInDays"]) > 0, name
        assert group["LogGroupName"].startswith("/bidder/"), name
    groups = {f"bidder-{name}" for name, _ in every(stacks, "AWS::Logs::LogGroup")}
    for name, function in every(stacks, "AWS::Lambda::Function"):
        assert function["LoggingConfig"]["LogGroup"] in groups, name


def test_kms_keys_are_rotated_every_year(stacks: dict[str, Stack]) -> None:
    assert all(key["EnableKeyRotation"] for _, key in every(stacks, "AWS::KMS::Key"))


def test_no_role_has_a_wildcard_for_all_actions_or_all_resources(stacks: dict[str, Stack]) -> None:
    for name, role in every(stacks, "AWS::IAM::Role"):
        for statement in statements(role.get("Policies", [])):
            if statement["Effect"] == "Deny":
                continue
            actions, resources = texts(statement["Action"]), texts(statement["Resource"])
            assert "*" not in actions, name
            if "*" in resources:
                others = {action for action in actions if not action.startswith(NAMELESS)} - ANY_RESOURCE.keys()
                assert not others, name
                assert not any(action.startswith(NAMELESS) for action in actions) or name == "CloudFormationRole"


def test_a_role_trusts_a_service_or_the_workflows_of_one_repository(stacks: dict[str, Stack]) -> None:
    for name, role in every(stacks, "AWS::IAM::Role"):
        for statement in statements(role["AssumeRolePolicyDocument"]):
            principal = statement["Principal"]
            assert "AWS" not in principal, name
            if "Federated" in principal:
                subject = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
                assert subject.startswith("repo:owner/name:environment:"), name


def test_the_api_is_throttled_except_for_notices(stacks: dict[str, Stack]) -> None:
    ((_, stage),) = stacks["bidder"].resources("AWS::ApiGateway::Stage").items()
    limits = {
        (setting["HttpMethod"], setting["ResourcePath"].replace("~1", "/").removeprefix("/")): (
            setting["ThrottlingRateLimit"],
            setting["ThrottlingBurstLimit"],
        )
        for setting in stage["MethodSettings"]
    }
    for route in (("POST", "/bid"), ("GET", "/vast"), ("GET", "/vmap")):
        assert limits[route] == ("10000", "5000")
    assert limits["POST", "/explain"] == limits["GET", "/explain"] == (5, 10)
    assert not [path for _, path in limits if path.startswith("/e/") or path == "/e"]


def test_a_firewall_can_be_attached_to_the_api(stacks: dict[str, Stack]) -> None:
    (association,) = stacks["bidder"].resources("AWS::WAFv2::WebACLAssociation").values()
    assert association["WebACLArn"] == PARAMETERS["WebAclArn"]
    assert ":/restapis/bidder-RestAPI/stages/" in association["ResourceArn"].replace("::", ":")


def test_a_budget_warns_before_it_pages(stacks: dict[str, Stack]) -> None:
    (budget,) = stacks["bidder"].resources("AWS::Budgets::Budget").values()
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "1000", "Unit": "USD"}
    thresholds = {
        (each["Notification"]["NotificationType"], each["Notification"]["Threshold"], each["Subscribers"][0]["Address"])
        for each in budget["NotificationsWithSubscribers"]
    }
    assert thresholds == {
        ("FORECASTED", 100, "bidder-WarningTopic"),
        ("ACTUAL", 80, "bidder-WarningTopic"),
        ("ACTUAL", 100, "bidder-AlarmTopic"),
    }
    for topic in ("AlarmTopic", "WarningTopic"):
        policy = stacks["bidder"].resources("AWS::SNS::TopicPolicy")[f"{topic}Policy"]
        (allowing,) = (each for each in statements(policy) if each["Effect"] == "Allow")
        assert set(allowing["Principal"]["Service"]) == {"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}


def test_functions_that_count_money_have_reserved_concurrency(stacks: dict[str, Stack]) -> None:
    functions = stacks["bidder"].resources("AWS::Lambda::Function")
    reserved = {
        name: int(each["ReservedConcurrentExecutions"])
        for name, each in functions.items()
        if "ReservedConcurrentExecutions" in each
    }
    assert reserved == {"Refresh": 2, "Ledger": 5, "Notices": 5, "PlainHandler": 100}
