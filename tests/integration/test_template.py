"""The functions of the deployed template: cfn-lint, permissions, settings, logs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bidder.settings import PREFIX, Settings
from bidder.snapshot.keys import POINTER
from tests.integration.sam_template import Template, of_type, only, referred, refers_to
from tests.integration.stack_functions import FUNCTIONS
from tools import ROOT
from tools.deploy import environment

NEEDS_ANY_RESOURCE = {
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
    *("cloudwatch:GetMetricData", "cloudwatch:DescribeAlarms"),
}


@pytest.mark.parametrize("form", ["sam", "cloudformation_template", "with_snap_start", "translated_with_snap_start"])
def test_cfn_lint_finds_no_fault(form: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = tmp_path / f"{form}.json"
    path.write_text(json.dumps(request.getfixturevalue(form)))
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    outcome = subprocess.run([cfn_lint, path], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own template
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


@pytest.mark.parametrize(("function", "role"), FUNCTIONS.items())
def test_each_function_has_only_the_listed_permissions(sam: Template, function: str, role: str) -> None:
    own_resources = {
        name for name, resource in sam["Resources"].items() if not resource["Type"].startswith("AWS::Serverless")
    }
    own_resources |= {"BeforeTraffic": {"APIHandler"}, "BeforeLedger": {"Ledger"}}.get(function, set())
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
            # GetParametersByPath is authorised on the path itself; IAM's documentation has both ARNs for a path
            ends = [resource["Fn::Sub"].partition(":parameter")[2] for resource in statement["Resource"]]
            assert ends == ["${ParameterPrefix}", "${ParameterPrefix}/*"]
        elif actions == ["codedeploy:PutLifecycleEventHookExecutionStatus"]:
            # SAM creates the deployment group, and CloudFormation begins its name with that of the stack
            assert statement["Resource"]["Fn::Sub"].endswith(":deploymentgroup:${AWS::StackName}-*")
        else:
            assert set(referred(statement["Resource"])) <= own_resources, statement
            assert set(referred(statement["Resource"])), statement


def test_a_bid_may_read_the_frequency_table_and_do_nothing_else_with_dynamodb(sam: Template) -> None:
    policies = sam["Resources"]["BidRole"]["Properties"]["Policies"]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    [dynamodb_statement] = [statement for statement in statements if "dynamodb" in json.dumps(statement["Action"])]
    assert dynamodb_statement["Action"] == "dynamodb:BatchGetItem"
    assert refers_to(dynamodb_statement["Resource"], "FrequencyTable")


def test_parameters_are_copied_every_minute_and_when_they_change(cloudformation_template: Template) -> None:
    rules = [
        rule
        for rule in of_type(cloudformation_template, "AWS::Events::Rule").values()
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


def test_functions_and_the_one_api_stage_are_traced(cloudformation_template: Template) -> None:
    stage = only(cloudformation_template, "AWS::ApiGateway::Stage")
    assert (stage["StageName"], stage["TracingEnabled"]) == ("api", True)
    functions = of_type(cloudformation_template, "AWS::Lambda::Function")
    assert set(functions) == {*FUNCTIONS, "PlainHandler"}
    assert {function["TracingConfig"]["Mode"] for function in functions.values()} == {"Active"}


def test_no_lifecycle_rule_applies_to_the_pointer(sam: Template) -> None:
    rules = sam["Resources"]["SnapshotBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rules
    assert not [rule for rule in rules if POINTER.startswith(rule["Prefix"])]


def test_functions_and_outputs_have_every_required_setting(sam: Template, stack: dict[str, str]) -> None:
    required = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    assert required <= set(sam["Globals"]["Function"]["Environment"]["Variables"])
    assert required <= set(environment(dict.fromkeys(sam["Outputs"], "")))
    assert required <= set(stack)


def test_logs_expire(sam: Template) -> None:
    for function in FUNCTIONS:
        (group,) = referred(sam["Resources"][function]["Properties"]["LoggingConfig"]["LogGroup"])
        assert refers_to(sam["Resources"][group]["Properties"]["RetentionInDays"], "LogRetentionDays")
