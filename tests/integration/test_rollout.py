"""The rollout of a new version in the template."""

import json
from typing import Any

import pytest

from tests.integration.sam_template import Template, of_type, referred, refers_to, translate
from tools.deploy import LOCAL_ACCOUNT
from tools.template import without_unsupported

ROLLBACK = {
    "APIHandler": {
        *("ApiErrorsAlarm", "BidDurationAlarm", "BidRateCollapsedAlarm", "NoticesRefusedAlarm", "SnapshotTooOldAlarm"),
        *("BidsFailAlarm", "NewVersionErrorsAlarm", "NewVersionDurationAlarm"),
    },
    "Ledger": {"LedgerErrorsAlarm", "LedgerDeadLetterAlarm", "LedgerAgeAlarm", "NewLedgerErrorsAlarm"},
}


def translate_with(sam: Template, **parameters: str) -> Template:
    template = json.loads(json.dumps(sam))
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value
    return translate(template)


def group(template: Template, function: str) -> Template:
    """The deployment group of a function's alias."""
    deployment_group: Template = template["Resources"][f"{function}DeploymentGroup"]["Properties"]
    return deployment_group


@pytest.mark.parametrize("function", ["APIHandler", "Ledger"])
@pytest.mark.parametrize("kind", ["Canary10Percent5Minutes", "Linear10PercentEvery1Minute", "AllAtOnce"])
def test_traffic_moves_as_the_parameter_says(sam: Template, kind: str, function: str) -> None:
    assert kind in sam["Parameters"]["Rollout"]["AllowedValues"]
    deployment_group = group(translate_with(sam, Rollout=kind), function)
    assert kind in json.dumps(deployment_group["DeploymentConfigName"])
    assert deployment_group["AutoRollbackConfiguration"]["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in deployment_group["AutoRollbackConfiguration"]["Events"]


def test_a_new_version_gets_a_tenth_of_traffic_first_by_default(sam: Template) -> None:
    assert sam["Parameters"]["Rollout"]["Default"] == "Canary10Percent5Minutes"


@pytest.mark.parametrize(("function", "alarms"), ROLLBACK.items())
def test_alarms_roll_back_to_the_old_version(sam: Template, function: str, alarms: set[str]) -> None:
    configured = group(translate_with(sam), function)["AlarmConfiguration"]
    assert configured["Enabled"] is True
    assert {next(referred(alarm)) for alarm in configured["Alarms"]} == alarms
    assert len(alarms) <= 10, "CodeDeploy takes no more"


@pytest.mark.parametrize(
    ("function", "before", "after"),
    [("APIHandler", "BeforeTraffic", "AfterTraffic"), ("Ledger", "BeforeLedger", None)],
)
def test_the_hooks_run_before_and_after_traffic_and_codedeploy_may_invoke_them(
    sam: Template, function: str, before: str, after: str | None
) -> None:
    template = translate_with(sam)
    update = template["Resources"][f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert refers_to(update["BeforeAllowTrafficHook"], before)
    assert after is None or refers_to(update["AfterAllowTrafficHook"], after)
    [version] = [name for name in of_type(template, "AWS::Lambda::Version") if name.startswith(f"{function}Version")]
    for name in filter(None, (before, after)):
        hook = template["Resources"][name]["Properties"]
        assert hook["FunctionName"]["Fn::Sub"].startswith("CodeDeployHook_${AWS::StackName}_")
        variables = hook["Environment"]["Variables"]
        assert refers_to(variables["BIDDER_ROLLOUT_NEW_VERSION"], version)
        assert refers_to(variables["BIDDER_ROLLOUT_FUNCTION"], function)


def test_the_ledgers_queue_invokes_its_alias(sam: Template) -> None:
    mapping = translate_with(sam)["Resources"]["LedgerLedgerSqsEventSource"]["Properties"]
    assert refers_to(mapping["FunctionName"], "LedgerAliaslive")


@pytest.mark.parametrize(
    ("function", "alarm"),
    [
        ("APIHandler", "NewVersionErrorsAlarm"),
        ("APIHandler", "NewVersionDurationAlarm"),
        ("Ledger", "NewLedgerErrorsAlarm"),
    ],
)
def test_the_alarms_of_the_new_version_have_its_number_as_dimension(sam: Template, function: str, alarm: str) -> None:
    template = translate_with(sam)
    [version] = [name for name in of_type(template, "AWS::Lambda::Version") if name.startswith(f"{function}Version")]
    dimensions = {each["Name"]: each["Value"] for each in template["Resources"][alarm]["Properties"]["Dimensions"]}
    assert dimensions["ExecutedVersion"] == {"Fn::GetAtt": [version, "Version"]}


def test_the_local_aws_gets_the_hooks_without_codedeploy(sam: Template) -> None:
    assert LOCAL_ACCOUNT == "000000000000"
    template = translate(without_unsupported(sam))
    assert {"BeforeTraffic", "AfterTraffic", "BeforeLedger"} <= of_type(template, "AWS::Lambda::Function").keys()
    assert not [r for r in template["Resources"].values() if r["Type"].startswith("AWS::CodeDeploy")]
    assert _dangling(template) == set()


def _dangling(template: dict[str, Any]) -> set[str]:
    logical_ids = template["Resources"].keys() | template["Parameters"].keys()
    # a variable in an Fn::Sub of Chalice
    return {name for name in referred(template["Resources"]) if "::" not in name} - logical_ids - {"RestAPIId"}
