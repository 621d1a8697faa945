"""Several stacks in one account and region have no common names."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.sam_template import Template, translate
from tests.support.cloudformation import Stack
from tools import ROOT
from tools.package import Package
from tools.template import load_template, with_code

SHARED = {
    # names within a resource whose name depends on the stack
    ("AWS::ApiGateway::Stage", "StageName"),
    ("AWS::Lambda::Alias", "Name"),
    ("AWS::Glue::Table", "TableInput.Name"),
    # a name of CodeDeploy
    ("AWS::CodeDeploy::DeploymentGroup", "DeploymentConfigName"),
}
INNER = (
    "AttributeName",
    "PolicyName",
    "MetricName",
    "Columns.Name",
    "PartitionKeys.Name",
    "Dimensions.Name",
    "Rules.Name",
)
"""Names within a resource."""


def bidder(built_package: Package) -> Template:
    return translate(with_code(json.loads(built_package.template.read_text()), "s3://artifacts/bidder.zip"))


def creatives(_: Package) -> Template:
    path = ROOT / "deploy/creatives.yaml"
    template: Template = load_template(path)
    template["Globals"]["Function"]["CodeUri"] = "s3://artifacts/creatives.zip"
    return translate(template)


def names(template: Template, stack: str) -> Iterator[tuple[tuple[str, str], str]]:
    """The names in the stack, each after the resource type and the property path."""
    parameters = {"ParameterPrefix": f"/{stack}"}
    for name, properties in Stack(template, stack, parameters).resources().items():
        kind = template["Resources"][name]["Type"]
        for path, value in leaves(properties):
            if path.endswith(("Name", "Namespace")) and not path.endswith(INNER):
                yield (kind, path), str(value)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The scalar values of a resource by path. Items of a list have the list's path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


@pytest.mark.parametrize("template", [bidder, creatives])
def test_two_stacks_share_no_name(built_package: Package, template: Any) -> None:
    result = template(built_package)
    first, second = (list(names(result, stack)) for stack in ("bidder", "staging"))
    assert len(first) == len(second) >= 10
    same = {where for (where, entry), (_, other) in zip(first, second, strict=True) if entry == other}
    aws = {where for where, value in first if value.startswith(("AWS/", "AWS::"))}
    assert same - aws - SHARED == set()


def dimensions(value: Any) -> Iterator[tuple[str, str]]:
    """The dimensions of metrics within a value, such as (`QueueName`, `bidder-ledger`)."""
    if isinstance(value, dict):
        for each in value.get("Dimensions", []):
            if isinstance(each, dict) and "Value" in each:
                yield each["Name"], each["Value"]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from dimensions(inner)


def test_an_alarm_uses_metrics_of_its_own_stack(built_package: Package) -> None:
    first, second = (
        set(dimensions(Stack(bidder(built_package), stack).resources())) for stack in ("bidder", "staging")
    )
    assert {name for name, _ in first} >= {"QueueName", "FunctionName", "ApiName", "TopicName"}
    assert {name for name, _ in first & second} == {"Reason", "Stage"}


def test_the_variables_of_a_function_name_resources_of_its_own_stack(built_package: Package) -> None:
    def variables(stack: str) -> dict[str, str]:
        template = Stack(bidder(built_package), stack, {"ParameterPrefix": f"/{stack}"})
        return template.resources("AWS::Lambda::Function")["APIHandler"]["Environment"]["Variables"]

    first, second = variables("bidder"), variables("staging")
    same = {name for name, value in first.items() if second[name] == value}
    assert same <= {"BIDDER_SEAT", "BIDDER_DEMO", "BIDDER_PUBLIC_URL"}
    assert first["BIDDER_METRICS_NAMESPACE"] == "bidder"


def test_the_columns_of_the_archive_table_are_unique(built_package: Package) -> None:
    (table,) = Stack(bidder(built_package), "bidder").resources("AWS::Glue::Table").values()
    columns = [column["Name"] for column in table["TableInput"]["StorageDescriptor"]["Columns"]]
    assert len(columns) == len(set(columns))
