"""The API and the other entrances of the deployed template, and their alias."""

import sys

import pytest

from tests.integration.sam_template import Template, of_type, only, referred, refers_to, translate
from tools.package import HAS_SNAP_START
from tools.template import stating_parameters


def test_other_entrances_are_off_by_default_and_restricted(cloudformation_template: Template) -> None:
    parameters = cloudformation_template["Parameters"]
    assert (parameters["FunctionUrl"]["Default"], parameters["LoadBalancerVpc"]["Default"]) == ("off", "")
    own_resources = {
        name: resource
        for name, resource in cloudformation_template["Resources"].items()
        if name.startswith(("PlainHandler", "LoadBalancer"))
    }
    assert {resource["Condition"] for resource in own_resources.values()} == {
        "HasPlainHandler",
        "HasFunctionUrl",
        "HasOpenFunctionUrl",
        "HasLoadBalancer",
    }
    function = own_resources["PlainHandler"]["Properties"]
    assert function["Runtime"] == cloudformation_template["Resources"]["APIHandler"]["Properties"]["Runtime"]
    assert function["Role"] == {"Fn::GetAtt": ["BidRole", "Arn"]}
    assert {"Ref": "EntranceConcurrency"} in function["ReservedConcurrentExecutions"]["Fn::If"]
    assert own_resources["LoadBalancerPermission"]["Properties"]["SourceAccount"] == {"Ref": "AWS::AccountId"}
    [ingress] = own_resources["LoadBalancerSecurityGroup"]["Properties"]["SecurityGroupIngress"]
    assert (ingress["FromPort"], ingress["ToPort"], ingress["CidrIp"]) == (443, 443, {"Ref": "LoadBalancerSources"})


def test_the_api_passes_bodies_as_bytes_and_answers_503_without_capacity(cloudformation_template: Template) -> None:
    api = only(cloudformation_template, "AWS::ApiGateway::RestApi")["Body"]
    assert api["x-amazon-apigateway-binary-media-types"] == ["*/*"]
    assert set(api["paths"]) >= {"/bid", "/e/{kind}/{token}", "/health"}
    responses = api["x-amazon-apigateway-gateway-responses"]
    assert {name: response["statusCode"] for name, response in responses.items() if "statusCode" in response} == {
        "THROTTLED": "503",
        "DEFAULT_5XX": "503",
    }


def test_answers_of_api_gateway_itself_have_cors_headers(cloudformation_template: Template) -> None:
    api = only(cloudformation_template, "AWS::ApiGateway::RestApi")["Body"]
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


@pytest.mark.parametrize("form", ["sam", "cloudformation_template"])
def test_every_request_of_the_api_reaches_the_alias(form: str, request: pytest.FixtureRequest) -> None:
    template = request.getfixturevalue(form)
    integrations = {
        key: list(referred(method["uri"])) for key, method in methods(template).items() if method["type"] == "aws_proxy"
    }
    assert {path for path, _ in integrations} >= {"/bid", "/e", "/e/{kind}/{token}", "/explain", "/health"}
    assert {tuple(name for name in names if "::" not in name) for names in integrations.values()} == {
        ("APIHandlerAliaslive",)
    }
    assert [
        method_item for method_item in methods(template).values() if method_item["type"] not in {"aws_proxy", "mock"}
    ] == []


def test_the_api_may_invoke_only_the_alias_of_the_function(cloudformation_template: Template) -> None:
    permissions = of_type(cloudformation_template, "AWS::Lambda::Permission").values()
    (item,) = (permission for permission in permissions if permission["Principal"] == "apigateway.amazonaws.com")
    assert refers_to(item["FunctionName"], "APIHandlerAliaslive")


def test_the_alias_is_the_latest_version_of_the_function(cloudformation_template: Template) -> None:
    versions = of_type(cloudformation_template, "AWS::Lambda::Version")
    assert len(versions) == 2
    for function in ("APIHandler", "Ledger"):
        alias = cloudformation_template["Resources"][f"{function}Aliaslive"]["Properties"]
        [(version, item)] = [(name, each) for name, each in versions.items() if name.startswith(f"{function}Version")]
        assert alias["Name"] == "live"
        assert refers_to(alias["FunctionName"], function)
        assert refers_to(item["FunctionName"], function)
        assert refers_to(alias["FunctionVersion"], version)
        assert cloudformation_template["Resources"][version]["DeletionPolicy"] == "Retain", (
            "tools.versions deletes old ones"
        )


def test_provisioned_concurrency_is_off_by_default(cloudformation_template: Template) -> None:
    assert cloudformation_template["Parameters"]["ProvisionedConcurrency"]["Default"] == 0
    assert cloudformation_template["Conditions"]["Provisions"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ProvisionedConcurrency"}, 0]}]
    }
    condition, provisioned, otherwise = cloudformation_template["Resources"]["APIHandlerAliaslive"]["Properties"][
        "ProvisionedConcurrencyConfig"
    ]["Fn::If"]
    assert condition == "Provisions"
    assert refers_to(provisioned["ProvisionedConcurrentExecutions"], "ProvisionedConcurrency")
    assert otherwise == {"Ref": "AWS::NoValue"}


def test_snap_start_is_set_by_a_parameter_and_off_by_default(translated_with_snap_start: Template) -> None:
    parameter = translated_with_snap_start["Parameters"]["SnapStart"]
    assert (parameter["Default"], parameter["AllowedValues"]) == ("None", ["None", "PublishedVersions"])
    functions = of_type(translated_with_snap_start, "AWS::Lambda::Function")
    assert {name for name, function in functions.items() if "SnapStart" in function} == {"APIHandler"}
    assert refers_to(functions["APIHandler"]["SnapStart"]["ApplyOn"], "SnapStart")


@pytest.mark.skipif(sys.version_info >= HAS_SNAP_START, reason="this Python's runtime has SnapStart")
def test_the_template_of_a_runtime_without_snap_start_does_not_request_it(sam: Template) -> None:
    assert sam["Parameters"]["SnapStart"]["AllowedValues"] == ["None"]
    assert "before 3.12" in sam["Parameters"]["SnapStart"]["ConstraintDescription"]
    assert "SnapStart" not in sam["Resources"]["APIHandler"]["Properties"]


@pytest.mark.parametrize("changed", ["SnapStart", "ParameterPrefix", "LogRetentionDays"])
def test_a_changed_parameter_of_the_function_creates_a_new_version(with_snap_start: Template, changed: str) -> None:
    values = {name: str(parameter.get("Default")) for name, parameter in with_snap_start["Parameters"].items()}
    before, after = (
        list(of_type(translate(stating_parameters(with_snap_start, entry)), "AWS::Lambda::Version"))
        for entry in (values, values | {changed: "changed"})
    )
    assert (before != after) == (changed != "LogRetentionDays")
