"""Creates a stack around existing tables and buckets, such as those of a deleted stack."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from bidder.aws.s3_errors import is_absent
from tools.artifacts import Artifacts
from tools.changes import Patience, change, is_new, stated_parameters
from tools.names import named_resources

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ResourceToImportTypeDef


def adopt(
    session: boto3.Session,
    target: Artifacts,
    stack: str,
    template: Mapping[str, Any],
    values: Mapping[str, str],
    current: Mapping[str, Any] | None,
    patience: Patience,
) -> None:
    """Creates a stack with the named tables and buckets that exist, by an import. The next change adds the rest.

    Does nothing if the stack exists, or if no named table or bucket exists. The next change creates a named table or
    bucket that does not exist. Raises as `tools.changes.change` does.
    """
    if not is_new(current):
        return
    there = {
        logical_id: (key, name)
        for logical_id, (key, name) in named_resources(template, values).items()
        if _exists(session, key, name)
    }
    if not there:
        return
    imported = importing(template, there.keys())
    url = target.url(target.upload(json.dumps(imported, separators=(",", ":")).encode(), stack, ".import.json"))
    resources: list[ResourceToImportTypeDef] = [
        {
            "ResourceType": template["Resources"][logical_id]["Type"],
            "LogicalResourceId": logical_id,
            "ResourceIdentifier": {key: name},
        }
        for logical_id, (key, name) in there.items()
    ]
    parameters = {name: value for name, value in values.items() if name in imported["Parameters"]}
    cloudformation = session.client("cloudformation")
    change(
        cloudformation,
        stack,
        url,
        stated_parameters(imported, parameters, current),
        current,
        patience,
        imports=resources,
    )


def importing(template: Mapping[str, Any], logical_ids: Any) -> dict[str, Any]:
    """The template of an import: only these resources, without references to others."""
    others = template["Resources"].keys() - set(logical_ids)
    resources = {}
    for name in logical_ids:
        resource = {key: value for key, value in template["Resources"][name].items() if key != "DependsOn"}
        properties = {key: value for key, value in resource["Properties"].items() if not _mentions(value, others)}
        resources[name] = resource | {"Properties": properties}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": template["Parameters"],
        "Conditions": template.get("Conditions", {}),
        "Resources": resources,
    }


def _mentions(value: Any, names: set[str]) -> bool:
    text = json.dumps(value)
    return any(f'"{name}"' in text or f"${{{name}}}" in text or f"${{{name}." in text for name in names)


def _exists(session: boto3.Session, key: str, name: str) -> bool:
    if key == "TableName":
        tables = session.client("dynamodb")
        try:
            tables.describe_table(TableName=name)
        except tables.exceptions.ResourceNotFoundException:
            return False
        return True
    buckets = session.client("s3")
    try:
        buckets.head_bucket(Bucket=name)
    except buckets.exceptions.ClientError as error:
        if not is_absent(error):
            raise
        return False
    return True
