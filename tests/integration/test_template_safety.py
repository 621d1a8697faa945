"""Requirements of a real AWS account on the template, which the local AWS does not enforce."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from bidder.settings import PREFIX, Settings, read
from tests.integration.sam_template import Template, of_type, referred, refers_to, translate
from tests.integration.stack_functions import CONSUMERS, QUEUES, RARE
from tests.support.service import SETTINGS
from tools.package import ARCHITECTURES, package


def texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def denials(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """The denying statements of functions' roles, with the names of the roles."""
    for name, role in of_type(template, "AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Deny":
                    yield name, statement


def keeps_functions_from_starting(statement: dict[str, Any]) -> bool:
    """Whether a denial applies to Lambda itself, which decrypts environment variables with the role."""
    actions = texts(statement.get("Action"))
    reaches_kms = "NotAction" in statement or any(
        action == "*" or action.lower().startswith("kms:") for action in actions
    )
    services = [
        value
        for operator, conditions in statement.get("Condition", {}).items()
        if operator in {"StringEquals", "StringLike"}
        for key, values in conditions.items()
        if key.lower() == "kms:viaservice"
        for value in ([values] if isinstance(values, str | dict) else values)
    ]
    return reaches_kms and not (services and all("ssm." in json.dumps(service) for service in services))


def test_no_role_denies_kms_to_lambda_itself(sam: Template) -> None:
    assert [name for name, statement in denials(sam) if keeps_functions_from_starting(statement)] == []


def test_the_refresh_cannot_decrypt_keys(sam: Template) -> None:
    ((name, statement),) = denials(sam)
    assert (name, statement["Action"], statement["Resource"]) == ("RefreshRole", "kms:Decrypt", "*")
    assert statement["Condition"]["StringEquals"]["kms:ViaService"] == [
        {"Fn::Sub": "ssm.${AWS::Region}.amazonaws.com"},
        {"Fn::Sub": "ssm.${AWS::Region}.${AWS::URLSuffix}"},
    ]


VIA_PARAMETER_STORE = {"StringEquals": {"kms:ViaService": {"Fn::Sub": "ssm.${AWS::Region}.amazonaws.com"}}}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Action": "kms:Decrypt"}, True),
        ({"Action": ["s3:GetObject", "kms:*"]}, True),
        ({"Action": "*"}, True),
        ({"NotAction": "s3:GetObject"}, True),
        ({"Action": "kms:Decrypt", "Condition": {"StringEquals": {"aws:ResourceTag/a": "b"}}}, True),
        ({"Action": "kms:Decrypt", "Condition": {"StringNotEquals": {"kms:ViaService": "ssm.eu.amazonaws.com"}}}, True),
        ({"Action": "kms:Decrypt", "Condition": {"StringLike": {"kms:ViaService": ["ssm.*", "lambda.*"]}}}, True),
        ({"Action": "kms:Decrypt", "Condition": VIA_PARAMETER_STORE}, False),
        ({"Action": "s3:DeleteObject"}, False),
    ],
)
def test_a_denial_that_applies_to_lambda_itself_is_detected(statement: dict[str, Any], expected: bool) -> None:
    assert keeps_functions_from_starting(statement) is expected


def test_a_failed_creation_leaves_no_table_and_no_bucket(sam: Template) -> None:
    retained = {
        name: resource for name, resource in sam["Resources"].items() if resource.get("UpdateReplacePolicy") == "Retain"
    }
    deletable = {name: entry for name, entry in retained.items() if entry["Type"] != "AWS::SQS::Queue"}
    assert {item["DeletionPolicy"] for item in deletable.values()} == {"RetainExceptOnCreate"}
    kinds = {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
    assert {
        name for name, resource_item in sam["Resources"].items() if resource_item["Type"] in kinds
    } == deletable.keys()


def invokes(mapping: Template, function: str) -> bool:
    """Whether a queue is connected to the function, or to its alias."""
    return set(referred(mapping["FunctionName"])) <= {function, f"{function}Aliaslive"}


def test_consumers_have_a_concurrency_limit_so_that_a_backlog_does_not_starve_bids(sam: Template) -> None:
    """Without a limit Lambda invokes a consumer up to 1,000 times at once, which is the whole limit of an account."""
    cloudformation_template = translate(sam)
    functions = of_type(cloudformation_template, "AWS::Lambda::Function")
    mappings = [
        mapping
        for mapping in of_type(cloudformation_template, "AWS::Lambda::EventSourceMapping").values()
        if not refers_to(mapping["FunctionName"], "Refresh")  # its reserved concurrency is two
    ]
    capped = [
        mapping
        for mapping in mappings
        if refers_to(mapping["ScalingConfig"]["MaximumConcurrency"], "ConsumerConcurrency")
    ]
    assert len(capped) == len(mappings) == len(QUEUES)
    reserved = {name for name, properties in functions.items() if "ReservedConcurrentExecutions" in properties}
    consumers = {name for name in QUEUES for mapping in capped if invokes(mapping, name)}
    singles = {"APIHandler", "ParameterCopy", *RARE}  # the copy runs once a minute, the hooks once per deployment
    assert consumers | reserved | singles == functions.keys()
    assert CONSUMERS.keys() < consumers
    parameter = sam["Parameters"]["ConsumerConcurrency"]
    assert (parameter["MinValue"], parameter["MaxValue"]) == (2, 1000), "what Lambda takes"


@pytest.mark.parametrize(("setting", "parameter"), [("public_url", "PublicUrl"), ("seat", "Seat")])
def test_a_setting_is_a_parameter_of_the_stack(sam: Template, setting: str, parameter: str) -> None:
    variables = sam["Globals"]["Function"]["Environment"]["Variables"]
    assert refers_to(variables[PREFIX + setting.upper()], parameter)
    default = sam["Parameters"][parameter]["Default"]
    inputs = {PREFIX + name.upper(): value for name, value in SETTINGS.model_dump().items() if value}
    settings = read(inputs | {PREFIX + setting.upper(): default})
    assert getattr(settings, setting) == Settings.model_fields[setting].default


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_package_has_native_libraries_for_its_architecture(architecture: str, tmp_path: Path) -> None:
    built_package = package(out=tmp_path / "package", architecture=architecture)
    machine = {"x86_64": 62, "arm64": 183}[architecture]  # e_machine in the ELF header
    with ZipFile(built_package.archive) as archive:
        native = [name for name in archive.namelist() if name.endswith(".so")]
        assert {int.from_bytes(archive.read(name)[18:20], "little") for name in native} == {machine}
    template = json.loads(built_package.template.read_text())
    functions = of_type(template, "AWS::Serverless::Function").values()
    assert all(properties["Architectures"] == [{"Ref": "Architecture"}] for properties in functions)
    assert template["Parameters"]["Architecture"]["Default"] == architecture
    (assertion,) = template["Rules"]["ArchitectureOfThePackage"]["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "Architecture"}, architecture]}
