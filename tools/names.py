"""Checks the names of stacks, and of the tables and buckets that parameters name."""

import re
from collections.abc import Mapping
from typing import Any

from tools.changes import DeployFailed, is_new, parameters_of

STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""The longest names of functions, buckets and databases begin with the stack's name and may have 64 characters."""

_NAMES = ("TableName", "BucketName")


class InvalidStackName(ValueError):
    """Some names that begin with this stack's name are invalid."""


def check_stack_name(name: str) -> None:
    """Raises InvalidStackName if AWS would refuse a name that begins with the stack's name."""
    if not STACK_NAME.fullmatch(name):
        msg = (
            f"STACK={name}: use 1 to 40 lower-case letters, digits and hyphens, first a letter, such as bidder-staging"
        )
        raise InvalidStackName(msg)


def check_names(stack: str, parameters: Mapping[str, str], current: Mapping[str, Any] | None) -> None:
    """Raises DeployFailed if an existing stack would replace a table or a bucket by an empty one of another name."""
    if is_new(current):
        return
    stored_parameters = parameters_of(current)
    for name, value in parameters.items():
        if name.endswith(_NAMES) and stored_parameters.get(name, "") != value:
            msg = (
                f"{name}={value}: stack {stack} exists, and a new name would replace its resource by an empty one. "
                f"Only a new stack takes names: leave out {name}"
            )
            raise DeployFailed(msg)


def named_resources(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The tables and buckets that parameters name: by logical id, the property (such as `TableName`) and the name."""
    return {
        logical_id: (key, values[parameter])
        for logical_id, resource in template["Resources"].items()
        for key in _NAMES
        if (parameter := _parameter(resource.get("Properties", {}).get(key))) is not None and values.get(parameter)
    }


def _parameter(name: Any) -> str | None:
    """The parameter in `!If [Names…, !Ref parameter, !Ref AWS::NoValue]`."""
    if not isinstance(name, dict) or "Fn::If" not in name:
        return None
    parameter: str = name["Fn::If"][1]["Ref"]
    return parameter
