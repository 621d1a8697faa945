"""`make deploy`: the package into an AWS account through CloudFormation. The local AWS takes the same way."""

import argparse
import base64
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tools import ROOT
from tools.package import Package, package
from tools.template import stating_parameters, with_code

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

_SETTLED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}


class DeployFailed(RuntimeError):
    """CloudFormation did not take the stack; the message has its reasons."""


class Unsettled(DeployFailed):
    """The stack is half made by an earlier deployment, and takes no other."""


def deploy(session: boto3.Session, built: Package, stack: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Brings the stack to what was built; returns its outputs. Raises DeployFailed and botocore's errors.

    Quick where the stack already is what was built. `parameters` not given keep the stack's value, or the default.
    """
    cloudformation = session.client("cloudformation")
    bucket = _artifact_bucket(session)
    uri = f"s3://{bucket}/{_uploaded(session.client('s3'), bucket, stack, built.archive)}"
    current = _described(cloudformation, stack)
    template = _complete(with_code(json.loads(built.template.read_text()), uri), parameters, current)
    if not (_settled(current) and not parameters and _template_of(cloudformation, stack) == template):
        _change(cloudformation, stack, template, parameters, current)
        current = _described(cloudformation, stack)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in (current or {}).get("Outputs", [])}
    ensure_signing_keys(session.client("ssm"), outputs["BidderParameters"])
    ensure_admin_key(session.client("ssm"), outputs["BidderParameters"])
    return outputs


def _complete(
    template: dict[str, Any], parameters: Mapping[str, str], current: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The template with what its parameters are going to be, where only text counts."""
    values = {name: str(its.get("Default", "")) for name, its in template["Parameters"].items()}
    values |= {its["ParameterKey"]: its["ParameterValue"] for its in (current or {}).get("Parameters", [])}
    return stating_parameters(template, values | dict(parameters))


def ensure_signing_keys(ssm: "SSMClient", prefix: str) -> None:
    """Makes `<prefix>/signing-keys` where it is missing; never replaces, never shows it."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    value = json.dumps({"current": "k1", "keys": {"k1": key}})
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name=f"{prefix}/signing-keys", Value=value, Type="SecureString", Overwrite=False)


def ensure_admin_key(ssm: "SSMClient", prefix: str) -> None:
    """Makes `<prefix>/admin-key` where it is missing: 256 random bits, in characters that a header may have."""
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        value = secrets.token_urlsafe(32)
        ssm.put_parameter(Name=f"{prefix}/admin-key", Value=value, Type="SecureString", Overwrite=False)


def environment(outputs: Mapping[str, str]) -> dict[str, str]:
    """The stack's outputs as the variables that the bidder reads: BidderLedgerTable is BIDDER_LEDGER_TABLE."""
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper(): value
        for name, value in sorted(outputs.items())
        if name.startswith("Bidder")
    }


def _artifact_bucket(session: boto3.Session) -> str:
    s3, region = session.client("s3"), session.region_name
    name = f"bidder-artifacts-{session.client('sts').get_caller_identity()['Account']}-{region}"
    try:
        s3.head_bucket(Bucket=name)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        # us-east-1 is the one region that S3 wants unsaid.
        where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
    return name


def _uploaded(s3: "S3Client", bucket: str, stack: str, archive: Path) -> str:
    """The key of the zip in the bucket, named by its content."""
    content = archive.read_bytes()
    key = f"{stack}/{sha256(content).hexdigest()[:32]}.zip"
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _described(cloudformation: "CloudFormationClient", stack: str) -> dict[str, Any] | None:
    try:
        return dict(cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _settled(stack: Mapping[str, Any] | None) -> bool:
    return stack is not None and stack["StackStatus"] in _SETTLED


def _template_of(cloudformation: "CloudFormationClient", stack: str) -> Any:
    body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def _change(
    cloudformation: "CloudFormationClient",
    stack: str,
    template: dict[str, Any],
    parameters: Mapping[str, str],
    current: Mapping[str, Any] | None,
) -> None:
    new = current is None or current["StackStatus"] == "REVIEW_IN_PROGRESS"
    if current is not None and not new and not _settled(current):
        msg = (
            f"Stack {stack} is {current['StackStatus']}. Wait for what is in progress; a stack whose creation "
            f"failed is deleted first: aws cloudformation delete-stack --stack-name {stack}"
        )
        raise Unsettled(msg)
    kept = {p["ParameterKey"] for p in (current or {}).get("Parameters", [])} & set(template["Parameters"])
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
    ]
    given += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept - set(parameters))]
    body = json.dumps(template, separators=(",", ":"))
    # The name tells the change, so that a second try after a broken first one is a new one.
    name = f"bidder-{sha256(body.encode()).hexdigest()[:12]}-{secrets.token_hex(4)}"
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType="CREATE" if new else "UPDATE",
        TemplateBody=body,
        Parameters=given,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    if _made(cloudformation, stack, name):
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
        _wait(cloudformation, stack, new=new)


def _made(cloudformation: "CloudFormationClient", stack: str, name: str) -> bool:
    """Whether the change set has changes to make."""
    try:
        waiter = cloudformation.get_waiter("change_set_create_complete")
        waiter.wait(StackName=stack, ChangeSetName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
    except WaiterError as error:
        change = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        reason = change.get("StatusReason", str(error))
        cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
        if "didn't contain changes" in reason or "No updates" in reason:
            return False
        msg = f"Stack {stack}: CloudFormation refuses the change: {reason}"
        raise DeployFailed(msg) from None
    return True


def _wait(cloudformation: "CloudFormationClient", stack: str, *, new: bool) -> None:
    try:
        if new:
            cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
        else:
            cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    except WaiterError:
        msg = "\n  ".join([f"Stack {stack} failed:", *_failures(cloudformation, stack)])
        raise DeployFailed(msg) from None


def _failures(cloudformation: "CloudFormationClient", stack: str) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    return [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--stack", default="bidder")
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="stack parameters, as RefreshConcurrency=0")
    arguments = parser.parse_args()
    if odd := [given for given in arguments.parameters if "=" not in given]:
        parser.error(f"not Name=Value: {' '.join(odd)}")
    try:
        session = boto3.Session()
        who = session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        print(f"No AWS account to deploy to: {error}\nSet AWS_PROFILE and AWS_REGION, or log in.", file=sys.stderr)
        return 1
    print(f"Account {who['Account']}, region {session.region_name}, as {who['Arn']}: stack {arguments.stack}")
    if os.environ.get("CONFIRM") != "yes":
        print("Nothing deployed. If this is the right account: the same command with CONFIRM=yes", file=sys.stderr)
        return 1
    built = package()
    # AWS would refuse the same later, and the runtime only there: local tools take any.
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    if subprocess.run([cfn_lint, built.template], cwd=ROOT, check=False).returncode:
        print("Not deployed: cfn-lint refuses the template. Another Python: make clean, then PYTHON=…", file=sys.stderr)
        return 1
    try:
        outputs = deploy(session, built, arguments.stack, dict(p.split("=", 1) for p in arguments.parameters))
    except (BotoCoreError, ClientError, DeployFailed) as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in (environment(outputs) | {"API": outputs["EndpointURL"]}).items():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
