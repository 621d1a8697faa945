"""Protects stacks and tables from deletion by mistake."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tools.changes import Patience, change, describe_stack, is_new, parameters_of, stated_parameters

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PROTECTION = "DeletionProtection"
"""The stack parameter that makes DynamoDB refuse the deletion of tables."""


def is_protected(current: Mapping[str, Any] | None) -> bool:
    """Whether the tables of the stack are protected."""
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
    """Changes the stack to the template at the URL and protects it, unless DeletionProtection is `off`.

    A stack is created without protection, and a second change protects it. Otherwise CloudFormation could not delete
    the tables of a failed creation. Raises as `change` does.
    """
    expected = parameters.get(PROTECTION, "on")
    if is_new(current):
        unprotected = stated_parameters(template, {**parameters, PROTECTION: "off"}, current)
        change(cloudformation, stack, template_url, unprotected, current, patience)
        current = describe_stack(cloudformation, stack)
    protected = stated_parameters(template, {**parameters, PROTECTION: expected}, current)
    change(cloudformation, stack, template_url, protected, current, patience)
    cloudformation.update_termination_protection(StackName=stack, EnableTerminationProtection=expected == "on")
