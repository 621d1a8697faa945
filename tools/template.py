"""The merge template: the files of .chalice/resources, joined, their short tags spelled out."""

from pathlib import Path
from typing import Any

from chalice.package import YAMLTemplateSerializer


class DuplicateEntry(ValueError):
    """Two files define the same entry of the same section."""


def joined(folder: Path) -> dict[str, Any]:
    """All sections (Parameters, Resources, …) of all `*.yaml` in a folder. Raises DuplicateEntry."""
    template: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yaml")):
        part = YAMLTemplateSerializer().load_template(path.read_text(), str(path))
        for section, entries in part.items():
            known = template.setdefault(section, {})
            for name, entry in entries.items():
                if name in known:
                    msg = f"{path}: {section} already has {name}, from another file of {folder}"
                    raise DuplicateEntry(msg)
                known[name] = entry
    return template


def with_code(template: dict[str, Any], uri: str) -> dict[str, Any]:
    """The same template with every function's code at `uri`: `s3://…`, or a path relative to the template."""
    resources = {
        name: resource | {"Properties": resource["Properties"] | {"CodeUri": uri}}
        if resource["Type"] == "AWS::Serverless::Function"
        else resource
        for name, resource in template["Resources"].items()
    }
    return template | {"Resources": resources}
