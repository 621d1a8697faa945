"""Evaluates the intrinsic functions of a CloudFormation template for a stack."""

import re
from collections.abc import Mapping
from typing import Any

ABSENT = object()
"""The value of `AWS::NoValue`."""
_NAMES = {"QueueName", "TopicName"}
"""The attributes that are the last part of a physical id, which is a URL or an ARN."""


class Stack:
    """A template with the values that it has in the stack `name`.

    `ids` are the physical ids of resources by their logical ids. A resource without one gets
    `<stack>-<logical id>`, and `<stack>-<logical id>.<attribute>` for an attribute.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        name: str,
        parameters: Mapping[str, str] | None = None,
        account: str = "123456789012",
        ids: Mapping[str, str] | None = None,
    ) -> None:
        self._template = template
        self._ids = dict(ids or {})
        defaults = {key: str(each.get("Default", "")) for key, each in template.get("Parameters", {}).items()}
        self._values = defaults | dict(parameters or {})
        self.name = name
        self._pseudo = {
            "AWS::StackName": name,
            "AWS::Region": "us-east-1",
            "AWS::AccountId": account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": ABSENT,
        }

    def resources(self, kind: str | None = None) -> dict[str, dict[str, Any]]:
        """The properties of the stack's resources by logical id, optionally of one type only."""
        return {
            name: self.value(resource.get("Properties", {}))
            for name, resource in self._template["Resources"].items()
            if kind in (None, resource["Type"])
            if "Condition" not in resource or self._holds(resource["Condition"])
        }

    def value(self, value: Any) -> Any:
        """The value with its intrinsic functions evaluated."""
        if isinstance(value, list):
            return [result for each in value if (result := self.value(each)) is not ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key == "Ref" or key.startswith("Fn::"):
                return self._function(key, inner)
        return {key: result for key, inner in value.items() if (result := self.value(inner)) is not ABSENT}

    def _function(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Ref", str(target):
                return self._ref(target)
            case "Fn::GetAtt", _:
                return self._attribute(*(argument if isinstance(argument, list) else argument.split(".", 1)))
            case "Fn::Sub", str(text):
                return self._substituted(text, {})
            case "Fn::Sub", [text, variables]:
                return self._substituted(text, variables)
            case "Fn::If", [condition, then, otherwise]:
                return self.value(then if self._holds(condition) else otherwise)
            case "Fn::Join", [separator, parts]:
                return separator.join(str(each) for each in self.value(parts))
            case "Fn::Select", [index, choices]:
                return self.value(choices)[int(index)]
        return self._condition(name, argument)

    def _condition(self, name: str, argument: Any) -> bool:
        match name, argument:
            case "Fn::Equals", [left, right]:
                return str(self.value(left)) == str(self.value(right))
            case "Fn::Not", [condition]:
                return not self._truth(condition)
            case "Fn::Or", conditions:
                return any(map(self._truth, conditions))
            case "Fn::And", conditions:
                return all(map(self._truth, conditions))
        msg = f"{name} is not read here"
        raise NotImplementedError(msg)

    def _ref(self, target: str) -> Any:
        for values in (self._pseudo, self._values, self._ids):
            if target in values:
                return values[target]
        return f"{self.name}-{target}"

    def _attribute(self, target: str, attribute: str) -> str:
        if target not in self._ids:
            return f"{self.name}-{target}.{attribute}"
        physical = self._ids[target]
        if attribute in _NAMES:
            return re.split(r"[:/]", physical)[-1]
        return physical.rpartition(":")[2] if attribute == "Version" else physical

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> str:
        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            return str(self.value(variables[name]) if name in variables else self._named(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def _named(self, name: str) -> Any:
        return self._function("Fn::GetAtt", name) if "." in name else self._ref(name)

    def _holds(self, condition: str) -> bool:
        return self._truth(self._template["Conditions"][condition])

    def _truth(self, condition: Any) -> bool:
        if isinstance(condition, dict) and "Condition" in condition:
            return self._holds(condition["Condition"])
        return bool(self.value(condition))
