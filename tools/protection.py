"""Stacks that nobody deletes by mistake."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tools.changes import Patience, change, described, is_new, parameters_of, stated_parameters

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PROTECTION = "DeletionProtection"
"""The stack parameter that has DynamoDB refuse to delete tables."""


def is_protected(current: Mapping[str, Any] | None) -> bool:
    """Whether the stack's tables are protected."""
    return parameters_of(current).get(PROTECTION) == "on"


def change_protected(
    cloudformation: "CloudFormationClient",
    stack: str,
    template: Mapping[str, Any],
    template_url: str,
    parameters: Mapping[str, str],
    current: Mapping[str, Any] | None,
    patience: Patience,
) -> None:
    """Brings the stack to the template, which is at the URL, and protects it, unless DeletionProtection is `off`.

    A stack is created without protection, and a second change protects it: CloudFormation could not remove the tables
    of a creation that failed. Raises as `change` does.
    """
    wanted = parameters.get(PROTECTION, "on")
    if is_new(current):
        unprotected = stated_parameters(template, {**parameters, PROTECTION: "off"}, current)
        change(cloudformation, stack, template_url, unprotected, current, patience)
        current = described(cloudformation, stack)
    protected = stated_parameters(template, {**parameters, PROTECTION: wanted}, current)
    change(cloudformation, stack, template_url, protected, current, patience)
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=wanted == "on")
