"""Builds the merge template: joins .chalice/resources, expands short tags, and makes computed changes."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer


class DuplicateEntry(ValueError):
    """Two files define the same entry of the same section."""


def load_template(path: Path) -> dict[str, Any]:
    """The CloudFormation template of a YAML file, with short tags such as `!Ref` expanded."""
    return dict(YAMLTemplateSerializer().load_template(path.read_text(), str(path)))


def join_templates(folder: Path) -> dict[str, Any]:
    """The sections (Parameters, Resources, …) of all `*.yaml` in a folder, joined. Raises DuplicateEntry."""
    template: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        part = load_template(path)
        for section, entries in part.items():
            resources = template.setdefault(section, {})
            for name, entry in entries.items():
                if name in resources:
                    msg = f"{path}: {section} already has {name}, from another file of {folder}"
                    raise DuplicateEntry(msg)
                resources[name] = entry
    return template


def with_code(template: dict[str, Any], uri: str) -> dict[str, Any]:
    """The template with the code of every function at `uri`: `s3://…`, or a path relative to the template."""
    resources = {
        name: resource | {"Properties": resource["Properties"] | {"CodeUri": uri}}
        if resource["Type"] == "AWS::Serverless::Function"
        else resource
        for name, resource in template["Resources"].items()
    }
    return template | {"Resources": resources}


def through_aliases(template: dict[str, Any]) -> dict[str, Any]:
    """The template with an API that calls the alias of each function that has one.

    Chalice makes the API call the function itself, which supports neither SnapStart nor provisioned concurrency.
    """
    api = json.dumps(template["Resources"]["RestAPI"])
    for name, properties in _published(template).items():
        api = api.replace(f"${{{name}.Arn}}", f"${{{name}Alias{properties['AutoPublishAlias']}}}")
    return _with(template, RestAPI=json.loads(api))


RUNBOOK = "docs/operations.md"
"""The page that describes each alarm, at the anchor of the alarm's logical id in lower case."""


def with_runbooks(template: dict[str, Any]) -> dict[str, Any]:
    """The template with alarms whose descriptions end with the URL of their row in the runbook."""
    alarms = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            text = f"{resource['Properties']['AlarmDescription']} Runbook: {RUNBOOK}#{name.lower()}"
            alarms[name] = resource | {"Properties": resource["Properties"] | {"AlarmDescription": text}}
    return _with(template, **alarms)


def of_runtime(template: dict[str, Any]) -> dict[str, Any]:
    """The template with one runtime for all functions: the runtime that Chalice wrote for the API's function."""
    runtime = template["Resources"]["APIHandler"]["Properties"]["Runtime"]
    functions = {
        name: resource | {"Properties": resource["Properties"] | {"Runtime": runtime}}
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    return _with(template, **functions)


def of_architecture(template: dict[str, Any], architecture: str) -> dict[str, Any]:
    """The template with the stack's parameter as every function's processor. Its default is the package's processor.

    A rule refuses the other processor, since the zip has native code.
    """
    advice = f"This package is for {architecture}. make deploy PARAMETERS=Architecture=… packages for the other."
    rule = {"Assertions": [{"Assert": _is("Architecture", architecture), "AssertDescription": advice}]}
    parameter = template["Parameters"]["Architecture"] | {"Default": architecture}
    functions = {
        name: resource | {"Properties": resource["Properties"] | {"Architectures": [{"Ref": "Architecture"}]}}
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    return _with(template, **functions) | {
        "Parameters": template["Parameters"] | {"Architecture": parameter},
        "Rules": template.get("Rules", {}) | {"ArchitectureOfThePackage": rule},
    }


def _is(parameter: str, value: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": parameter}, value]}


def without_unsupported(template: dict[str, Any]) -> dict[str, Any]:
    """The template for the local AWS: without metric-math alarms, CodeDeploy, and concurrency limits of consumers.

    The local AWS refuses the first two. It reads the limit, a parameter's value, as text, and then does not read the
    queue. References to a removed alarm are removed too.
    """
    resources = {
        name: _without_rollout(_without_cap(resource))
        for name, resource in template["Resources"].items()
        if not (resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"])
    }
    lost = [{"Ref": name} for name in template["Resources"].keys() - resources.keys()]
    return template | {"Resources": _without_entries(resources, lost)}


def _without_entries(value: Any, lost: list[dict[str, str]]) -> Any:
    """The value without these entries in its lists."""
    if isinstance(value, dict):
        return {key: _without_entries(inner, lost) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_entries(inner, lost) for inner in value if inner not in lost]
    return value


def _without_rollout(resource: dict[str, Any]) -> dict[str, Any]:
    if "DeploymentPreference" not in resource.get("Properties", {}):
        return resource
    properties = {key: value for key, value in resource["Properties"].items() if key != "DeploymentPreference"}
    return resource | {"Properties": properties}


def _without_cap(resource: dict[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties", {})
    if resource["Type"] != "AWS::Serverless::Function" or "Events" not in properties:
        return resource
    events = {
        name: event
        | {"Properties": {key: value for key, value in event["Properties"].items() if key != "ScalingConfig"}}
        for name, event in properties["Events"].items()
    }
    return resource | {"Properties": properties | {"Events": events}}


def without_snap_start(template: dict[str, Any]) -> dict[str, Any]:
    """The template for a runtime without SnapStart: its parameter allows only None, and states the reason."""
    reason = "None: this package is for a Python before 3.12, which has no SnapStart. Package with a later one"
    parameter = template["Parameters"]["SnapStart"] | {"AllowedValues": ["None"], "ConstraintDescription": reason}
    functions = {
        name: template["Resources"][name]
        | {"Properties": {key: value for key, value in properties.items() if key != "SnapStart"}}
        for name, properties in _published(template).items()
    }
    return _with(template, **functions) | {"Parameters": template["Parameters"] | {"SnapStart": parameter}}


def stating_parameters(template: dict[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The template with function descriptions that list the parameters of each function with an alias.

    SAM publishes a version only if the text of the function changes, and ignores the values of referenced parameters.
    Without the description, a changed parameter would never reach the alias.
    """
    functions = {}
    for name, properties in _published(template).items():
        of_versions = {key: value for key, value in properties.items() if key != "ProvisionedConcurrencyConfig"}
        names = re.findall(r'{"Ref": "([^"]+)"}', json.dumps([of_versions, template.get("Globals")]))
        stated_values = " ".join(f"{name}={values[name]}" for name in sorted(set(names) & values.keys()))
        functions[name] = template["Resources"][name] | {"Properties": properties | {"Description": stated_values}}
    return _with(template, **functions)


def _published(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of the functions that have an alias."""
    resources = template["Resources"].items()
    return {
        name: resource["Properties"]
        for name, resource in resources
        if "AutoPublishAlias" in resource.get("Properties", {})
    }


def _with(template: dict[str, Any], **resources: Any) -> dict[str, Any]:
    return template | {"Resources": template["Resources"] | resources}
