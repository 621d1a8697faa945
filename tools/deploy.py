"""`make deploy`: deploys the package to an AWS account through CloudFormation.

The local AWS is deployed in the same way.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools import ROOT
from tools.adoption import adopt
from tools.artifacts import ForeignBucket, artifacts
from tools.changes import (
    DeployFailed,
    Patience,
    check_changeable,
    describe_stack,
    is_new,
    is_settled,
    parameters_of,
    watch_command,
)
from tools.creatives_stack import CREATIVES_PARAMETERS, deploy_creatives
from tools.keys import ensure_keys
from tools.names import InvalidStackName, check_names, check_stack_name
from tools.package import ARCHITECTURES, NotPackaged, Package, find_package, package
from tools.protection import PROTECTION, change_protected, is_protected
from tools.template import stating_parameters, with_code, without_unsupported
from tools.versions import FUNCTIONS, delete_old_versions, physical_name

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient


LOCAL_ACCOUNT = "000000000000"
"""The account number of the local AWS. No AWS account has this number."""


def deploy(
    session: boto3.Session,
    built: Package,
    stack: str,
    parameters: Mapping[str, str],
    *,
    bucket: str | None = None,
    patience: Patience | None = None,
) -> dict[str, str]:
    """Changes the stack to the built package. Returns its outputs. Raises DeployFailed, ForeignBucket, and AWS errors.

    Does nothing if the stack has this package already. A parameter that is not in `parameters` keeps its present value,
    or its default.
    """
    cloudformation = session.client("cloudformation")
    current = describe_stack(cloudformation, stack)
    check_changeable(stack, current)
    check_names(stack, parameters, current)
    if is_new(current):
        parameters = {"ParameterPrefix": f"/{stack}", **parameters}
    target = artifacts(session, bucket)
    uri = f"s3://{target.bucket}/{target.upload(built.archive.read_bytes(), stack, '.zip')}"
    template = with_code(json.loads(built.template.read_text()), uri)
    if target.account == LOCAL_ACCOUNT:
        template = without_unsupported(template)
    values = _values(template, parameters, current)
    template = stating_parameters(template, values)
    # The keys come before the stack, so that every created stack has keys even if the wait ends early.
    ensure_keys(session.client("ssm"), values["ParameterPrefix"])
    is_same = is_settled(current) and not parameters and _template_of(cloudformation, stack) == template
    if not (is_same and is_protected(current)):
        body = json.dumps(template, separators=(",", ":")).encode()
        url = target.url(target.upload(body, stack, ".template.json"))
        wait = patience or Patience()
        adopt(session, target, stack, template, values, current, wait)
        current = describe_stack(cloudformation, stack)
        change_protected(cloudformation, stack, template, url, parameters, current, wait)
        current = describe_stack(cloudformation, stack)
        for function in FUNCTIONS.values():
            if function in template["Resources"]:
                delete_old_versions(session.client("lambda"), physical_name(cloudformation, stack, function))
    return {output["OutputKey"]: output["OutputValue"] for output in (current or {}).get("Outputs", [])}


def environment(outputs: Mapping[str, str]) -> dict[str, str]:
    """The outputs of the stack as the bidder's environment variables: BidderLedgerTable becomes BIDDER_LEDGER_TABLE."""
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper(): value
        for name, value in sorted(outputs.items())
        if name.startswith("Bidder")
    }


def _values(
    template: Mapping[str, Any], parameters: Mapping[str, str], current: Mapping[str, Any] | None
) -> dict[str, str]:
    """The values that the stack's parameters will have."""
    values = {name: str(parameter.get("Default", "")) for name, parameter in template["Parameters"].items()}
    return values | parameters_of(current) | dict(parameters)


def _template_of(cloudformation: "CloudFormationClient", stack: str) -> Any:
    body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def have_resources_made_by(session: boto3.Session, role: str) -> None:
    """Makes CloudFormation use a role to create resources, so that the deployer needs no permissions for them."""

    def add_role(params: dict[str, Any], **_: Any) -> None:
        params["RoleARN"] = role

    session.events.register("provide-client-params.cloudformation.CreateChangeSet", add_role)


def architecture_of(parameters: Mapping[str, str], current: Mapping[str, Any] | None) -> str:
    """The processor of the stack's functions, for which the package needs wheels."""
    return (parameters_of(current) | dict(parameters)).get("Architecture", ARCHITECTURES[0])


def _arguments() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stack", default="bidder")
    parser.add_argument("--bucket", help="the bucket for the package, instead of bidder-artifacts-<account>-<region>")
    parser.add_argument("--role", help="the ARN of the role by which CloudFormation makes resources; yours by default")
    parser.add_argument("--packaged", action="store_true", help="deploy the existing package, without a new build")
    parser.add_argument("--minutes", type=float, default=60, help="the longest wait for CloudFormation")
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="stack parameters, as RefreshConcurrency=0")
    arguments = parser.parse_args()
    if odd := [argument for argument in arguments.parameters if "=" not in argument]:
        parser.error(f"not Name=Value: {' '.join(odd)}")
    try:
        check_stack_name(arguments.stack)
    except InvalidStackName as error:
        parser.error(str(error))
    return arguments


def main() -> int:
    arguments = _arguments()
    parameters = dict(argument.split("=", 1) for argument in arguments.parameters)
    try:
        session = boto3.Session()
        if arguments.role:
            have_resources_made_by(session, arguments.role)
        identity = session.client("sts").get_caller_identity()
        current = describe_stack(session.client("cloudformation"), arguments.stack)
    except (BotoCoreError, ClientError) as error:
        print(f"No AWS account to deploy to: {error}\nSet AWS_PROFILE and AWS_REGION, or log in.", file=sys.stderr)
        return 1
    print(f"Account {identity['Account']}, region {session.region_name}, as {identity['Arn']}: stack {arguments.stack}")
    if os.environ.get("CONFIRM") != "yes":
        print("Nothing deployed. If this is the right account: the same command with CONFIRM=yes", file=sys.stderr)
        return 1
    architecture = architecture_of(parameters, current)
    if architecture not in ARCHITECTURES:
        print(f"Architecture={architecture}: Lambda has {' and '.join(ARCHITECTURES)}", file=sys.stderr)
        return 1
    try:
        built = find_package(architecture=architecture) if arguments.packaged else package(architecture=architecture)
    except NotPackaged as error:
        sys.exit(str(error))
    except subprocess.CalledProcessError as error:
        print(f"Packaging failed: {' '.join(error.cmd)}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    # AWS would refuse the template only later, and the runtime last; the local AWS accepts any.
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    if subprocess.run([cfn_lint, built.template], cwd=ROOT, check=False).returncode:
        print("Not deployed: cfn-lint refuses the template. Another Python: make clean, then PYTHON=…", file=sys.stderr)
        return 1
    print(f"CloudFormation takes minutes. Watch it: {watch_command(arguments.stack)}", flush=True)
    try:
        patience = Patience(arguments.minutes * 60)
        of_creatives = {name: value for name, value in parameters.items() if name in CREATIVES_PARAMETERS}
        of_bidder = {name: value for name, value in parameters.items() if name not in CREATIVES_PARAMETERS}
        where: Any = {"bucket": arguments.bucket, "patience": patience}
        outputs = deploy(session, built, arguments.stack, of_bidder, **where)
        of_creatives |= {"Architecture": architecture}
        of_creatives |= {PROTECTION: parameters[PROTECTION]} if PROTECTION in parameters else {}
        outputs |= deploy_creatives(session, built, arguments.stack, outputs, of_creatives, **where)
    except (BotoCoreError, ClientError, DeployFailed, ForeignBucket) as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in (environment(outputs) | {"API": outputs["EndpointURL"]}).items():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
