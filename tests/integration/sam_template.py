"""Reads the deployed template, as SAM and as CloudFormation after SAM's transform."""

import json
import re
from collections.abc import Iterator
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

Template = dict[str, Any]


def translate(sam: Template) -> Template:
    template: Template = Translator({}, Parser()).translate(json.loads(json.dumps(sam)), {})
    return template


def of_type(template: Template, kind: str) -> dict[str, Template]:
    return {
        name: resource.get("Properties", {})
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def only(template: Template, kind: str) -> Template:
    (properties,) = of_type(template, kind).values()
    return properties


def referred(value: Any) -> Iterator[str]:
    """The logical ids that a value refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                yield from (name.split(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", text))
            else:
                yield from referred(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from referred(inner)


def refers_to(value: Any, name: str) -> bool:
    return set(referred(value)) == {name}


def the_allowing(policy: Template) -> dict[str, Any]:
    """The only allowing statement of a resource's policy. The others deny."""
    (statement,) = (each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow")
    return statement
