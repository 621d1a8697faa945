"""Versions of the package in the local AWS, deployed without moving the alias, as for CodeDeploy."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from tests.integration.drill import Drill
from tests.integration.sam_template import Template, translate
from tools.artifacts import artifacts
from tools.changes import Patience, change, describe_stack, parameters_of, stated_parameters
from tools.local import STACK
from tools.package import Package
from tools.template import stating_parameters, with_code, without_unsupported

PLANTED = """
_whole = BidderApp.__call__
def _planted(self, event, context):
    import base64
    body = event.get("body") or ""
    body = base64.b64decode(body).decode() if event.get("isBase64Encoded") else body
    answer = _whole(self, event, context)
    {fault}
    return answer
BidderApp.__call__ = _planted
"""
"""Code that is appended to app.py. `fault` can use the event, the request's `body` and the `answer`."""


def planted(archive: Path, target: Path, fault: str) -> Path:
    """The archive with a fault in its handler. The fault `pass` has no effect and makes an equal version."""
    with ZipFile(archive) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name.startswith("__pycache__/app."):  # Python would use the bytecode instead of the changed source
                continue
            data = old.read(name)
            new.writestr(name, data + PLANTED.format(fault=fault).encode() if name == "app.py" else data)
    return target


@dataclass
class Deployer:
    """Deploys archives into a drill's stack. `template` is the translated template of the latest deployment."""

    drill: Drill
    built_package: Package
    template: Template = field(default_factory=dict)

    def publish(self, archive: Path, live: int) -> int:
        """Deploys an archive while the alias stays at `live`. Returns the number of the published version."""
        session = self.drill.session
        cloudformation = session.client("cloudformation")
        target = artifacts(session, None)
        uri = f"s3://{target.bucket}/{target.upload(archive.read_bytes(), STACK, '.zip')}"
        sam = with_code(json.loads(self.built_package.template.read_text()), uri)
        self.template = translate(sam)
        current = describe_stack(cloudformation, STACK)
        values = {name: str(each.get("Default", "")) for name, each in sam["Parameters"].items()}
        values |= parameters_of(current)
        template = with_live_version(translate(stating_parameters(without_unsupported(sam), values)), live)
        url = target.url(target.upload(json.dumps(template).encode(), STACK, ".template.json"))
        change(cloudformation, STACK, url, stated_parameters(template, {}, current), current, Patience())
        self.drill.__dict__.pop("ids", None)
        function = self.drill.ids["APIHandler"]
        published = session.client("lambda").list_versions_by_function(FunctionName=function)["Versions"]
        return max(int(each["Version"]) for each in published if each["Version"] != "$LATEST")


def with_live_version(template: Template, live: int) -> Template:
    resources: dict[str, Any] = {}
    for name, resource in template["Resources"].items():
        if name.startswith("APIHandlerAlias"):
            resources[name] = resource | {"Properties": resource["Properties"] | {"FunctionVersion": str(live)}}
        else:
            resources[name] = resource
    return template | {"Resources": resources}
