"""How the template has a new version get traffic."""

import json
from typing import Any

import pytest

from tests.integration.test_template import Template, of_type, only, referred, refers_to, translate
from tools.deploy import LOCAL_ACCOUNT
from tools.package import Package
from tools.template import with_code, without_unsupported

ROLLBACK = {
    *("ApiErrorsAlarm", "BidDurationAlarm", "BidRateCollapsedAlarm", "NoticesRefusedAlarm", "SnapshotTooOldAlarm"),
    *("BidsFailAlarm", "NewVersionErrorsAlarm", "NewVersionDurationAlarm"),
}


@pytest.fixture(scope="session")
def sam(built: Package) -> Template:
    return with_code(json.loads(built.template.read_text()), "s3://artifacts/bidder.zip")


def translated(sam: Template, **parameters: str) -> Template:
    changed = json.loads(json.dumps(sam))
    for name, value in parameters.items():
        changed["Parameters"][name]["Default"] = value
    return translate(changed)


@pytest.mark.parametrize("kind", ["Canary10Percent5Minutes", "Linear10PercentEvery1Minute", "AllAtOnce"])
def test_traffic_moves_as_the_parameter_says(sam: Template, kind: str) -> None:
    assert kind in sam["Parameters"]["Rollout"]["AllowedValues"]
    group = only(translated(sam, Rollout=kind), "AWS::CodeDeploy::DeploymentGroup")
    assert kind in json.dumps(group["DeploymentConfigName"])
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def test_a_tenth_first_unless_asked_otherwise(sam: Template) -> None:
    assert sam["Parameters"]["Rollout"]["Default"] == "Canary10Percent5Minutes"


def test_symptoms_bring_the_old_version_back(sam: Template) -> None:
    group = only(translated(sam), "AWS::CodeDeploy::DeploymentGroup")
    assert group["AlarmConfiguration"]["Enabled"] is True
    assert {next(referred(alarm)) for alarm in group["AlarmConfiguration"]["Alarms"]} == ROLLBACK
    assert len(ROLLBACK) <= 10, "CodeDeploy takes no more"


def test_the_hooks_stand_before_and_after_and_may_be_called(sam: Template) -> None:
    template = translated(sam)
    ((_, alias),) = ((n, r) for n, r in template["Resources"].items() if r["Type"] == "AWS::Lambda::Alias")
    update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert refers_to(update["BeforeAllowTrafficHook"], "BeforeTraffic")
    assert refers_to(update["AfterAllowTrafficHook"], "AfterTraffic")
    for name in ("BeforeTraffic", "AfterTraffic"):
        hook = template["Resources"][name]["Properties"]
        assert hook["FunctionName"]["Fn::Sub"].startswith("CodeDeployHook_${AWS::StackName}_")
        variables = hook["Environment"]["Variables"]
        (version,) = of_type(template, "AWS::Lambda::Version")
        assert refers_to(variables["BIDDER_ROLLOUT_NEW_VERSION"], version)
        assert refers_to(variables["BIDDER_ROLLOUT_FUNCTION"], "APIHandler")


def test_the_alarms_of_the_new_version_are_of_its_number(sam: Template) -> None:
    template = translated(sam)
    (version,) = of_type(template, "AWS::Lambda::Version")
    for name in ("NewVersionErrorsAlarm", "NewVersionDurationAlarm"):
        dimensions = {each["Name"]: each["Value"] for each in template["Resources"][name]["Properties"]["Dimensions"]}
        assert dimensions["ExecutedVersion"] == {"Fn::GetAtt": [version, "Version"]}


def test_the_local_aws_gets_the_hooks_without_codedeploy(sam: Template) -> None:
    assert LOCAL_ACCOUNT == "000000000000"
    template = translate(without_unsupported(sam))
    assert {"BeforeTraffic", "AfterTraffic"} <= of_type(template, "AWS::Lambda::Function").keys()
    assert not [r for r in template["Resources"].values() if r["Type"].startswith("AWS::CodeDeploy")]
    assert _dangling(template) == set()


def _dangling(template: dict[str, Any]) -> set[str]:
    known = template["Resources"].keys() | template["Parameters"].keys()
    # a variable of Chalice's own Fn::Sub
    return {name for name in referred(template["Resources"]) if "::" not in name} - known - {"RestAPIId"}
