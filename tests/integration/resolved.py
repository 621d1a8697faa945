"""A translated template's values as the stack in the local AWS has them."""

import re
from collections.abc import Mapping
from typing import Any

ACCOUNT, REGION = "000000000000", "us-east-1"
_NAMES = {"QueueName", "TopicName"}


class Resolver:
    """Resolves intrinsic functions. `ids` are the physical ids of the resources, by their logical ids."""

    def __init__(self, template: Mapping[str, Any], ids: Mapping[str, str], stack: str, **parameters: str) -> None:
        defaults = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
        pseudo = {"AWS::StackName": stack, "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, "AWS::Partition": "aws"}
        self._values = pseudo | defaults | parameters | dict(ids)

    def __call__(self, value: Any) -> Any:
        """The value without intrinsic functions. Raises KeyError for a reference to what the stack lacks."""
        if isinstance(value, list):
            return [self(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return self._values[argument]
            if function == "Fn::GetAtt":
                return self._attribute(*(argument if isinstance(argument, list) else argument.split(".", 1)))
            if function == "Fn::Sub":
                return self._substituted(argument)
            if function == "Fn::Join":
                separator, parts = argument
                return separator.join(self(parts))
        return {key: self(inner) for key, inner in value.items()}

    def _attribute(self, name: str, attribute: str) -> str:
        physical = self._values[name]
        if attribute in _NAMES:
            return re.split(r"[:/]", physical)[-1]
        return physical.rpartition(":")[2] if attribute == "Version" else physical

    def _substituted(self, argument: Any) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        values = self._values | {name: self(value) for name, value in given.items()}
        return re.sub(r"\$\{([^}]+)\}", lambda match: str(values[match[1].split(".")[0]]), text)
