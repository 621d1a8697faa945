"""A change of a CloudFormation stack: made, executed and waited for."""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError  # noqa: A004

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, ResourceToImportTypeDef

T = TypeVar("T")

SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
"""The states in which a stack takes a change."""

_PASSING = ("Throttl", "RequestLimitExceeded", "TooManyRequests", "ServiceUnavailable", "Internal", "RequestTimeout")
"""How the codes of errors begin that a later request need not meet."""


class DeployFailed(RuntimeError):
    """CloudFormation did not take the stack; the message has its reasons."""


class Unsettled(DeployFailed):
    """The stack is half made by an earlier deployment, and takes no other."""


class StillRunning(DeployFailed):
    """CloudFormation goes on with the change; only the wait for it ended."""


@dataclass(frozen=True)
class Patience:
    """How long a change is waited for, in seconds. boto3's waiters end after 120 looks, whatever their delay."""

    seconds: float = 3600
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds)

    def until(self, look: Callable[[], T | None]) -> T | None:
        """What `look` returns once it is not None; None when the time is over. The last look is at the end."""
        began = self.clock()
        while (result := look()) is None:
            waited = self.clock() - began
            if waited >= self.seconds:
                return None
            # CloudFormation allows few calls a second to all of an account
            self.sleep(min(1 if waited < 30 else 5, self.seconds - waited))
        return result


def described(cloudformation: "CloudFormationClient", stack: str) -> dict[str, Any] | None:
    """The stack as CloudFormation describes it; None where there is no such stack."""
    try:
        return dict(cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def is_settled(current: Mapping[str, Any] | None) -> bool:
    """Whether the stack exists and takes a change."""
    return current is not None and current["StackStatus"] in SETTLED


def is_new(current: Mapping[str, Any] | None) -> bool:
    """Whether a change creates the stack. A stack in review has no resource yet."""
    return current is None or current["StackStatus"] == "REVIEW_IN_PROGRESS"


def parameters_of(current: Mapping[str, Any] | None) -> dict[str, str]:
    """The values of the stack's parameters."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in (current or {}).get("Parameters", [])}


def stated_parameters(
    template: Mapping[str, Any], parameters: Mapping[str, str], current: Mapping[str, Any] | None
) -> "list[ParameterTypeDef]":
    """The parameters as CloudFormation takes them. Those that are not given keep the stack's value, or the default."""
    stated: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
    ]
    kept = parameters_of(current).keys() & template["Parameters"].keys() - parameters.keys()
    return stated + [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)]


def check_changeable(stack: str, current: Mapping[str, Any] | None) -> None:
    """Raises Unsettled where the stack exists and takes no change now."""
    if current is None or is_settled(current) or current["StackStatus"] == "REVIEW_IN_PROGRESS":
        return
    msg = (
        f"Stack {stack} is {current['StackStatus']}. Wait for what is in progress: {watch_command(stack)}. "
        f"A stack whose creation failed is deleted first: aws cloudformation delete-stack --stack-name {stack}"
    )
    raise Unsettled(msg)


def watch_command(stack: str) -> str:
    """The command that shows what CloudFormation does to the stack."""
    return f"aws cloudformation describe-stack-events --stack-name {stack} --max-items 20"


def change(
    cloudformation: "CloudFormationClient",
    stack: str,
    template_url: str,
    parameters: "list[ParameterTypeDef]",
    current: Mapping[str, Any] | None,
    patience: Patience,
    *,
    imports: "Sequence[ResourceToImportTypeDef]" = (),
) -> None:
    """Brings the stack to the template.

    With `imports` it makes a stack of existing resources, those of the template.

    Raises:
        DeployFailed: CloudFormation refuses the change, or it failed.
        StillRunning: The patience ended first.
    """
    kind: Literal["IMPORT", "CREATE", "UPDATE"] = "IMPORT" if imports else "CREATE" if is_new(current) else "UPDATE"
    # The name tells the change, so that a second try after a broken first one is a new one.
    name = f"bidder-{sha256(template_url.encode()).hexdigest()[:12]}-{secrets.token_hex(4)}"
    about_imports: Any = {"ResourcesToImport": imports} if imports else {}
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateURL=template_url,
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        **about_imports,
    )
    if _has_changes(cloudformation, stack, name, patience):
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
        _wait(cloudformation, stack, f"{kind}_COMPLETE", patience)


def _has_changes(cloudformation: "CloudFormationClient", stack: str, name: str, patience: Patience) -> bool:
    """Whether the change set, once CloudFormation has made it, has changes."""

    def look() -> tuple[str, str] | None:
        change_set = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        is_done = change_set["Status"] in {"CREATE_COMPLETE", "FAILED"}
        return (change_set["Status"], change_set.get("StatusReason", "no reason given")) if is_done else None

    done = patience.until(_watching(stack, look))
    if done is None:
        raise _still_running(
            stack, f"the change set {name} is not made after {_minutes(patience)}; nothing is changed yet"
        )
    status, reason = done
    if status == "CREATE_COMPLETE":
        return True
    cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
    if "didn't contain changes" in reason or "No updates" in reason:
        return False
    msg = f"Stack {stack}: CloudFormation refuses the change: {reason}"
    raise DeployFailed(msg)


def _wait(cloudformation: "CloudFormationClient", stack: str, wanted: str, patience: Patience) -> None:
    def look() -> str | None:
        current = described(cloudformation, stack)
        if current is None:
            return "DELETE_COMPLETE"
        status = str(current["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    status = patience.until(_watching(stack, look))
    if status is None:
        raise _still_running(stack, f"after {_minutes(patience)} the change is not through")
    if status != wanted:
        msg = "\n  ".join([f"Stack {stack} failed:", *_failures(cloudformation, stack)])
        raise DeployFailed(msg)


def _watching(stack: str, look: Callable[[], T | None]) -> Callable[[], T | None]:
    """The same look, which sees nothing where the network or CloudFormation fails for a moment."""

    def tolerant() -> T | None:
        try:
            return look()
        except (ConnectionError, HTTPClientError):
            return None
        except ClientError as error:
            about = error.response
            is_passing = about.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
            if is_passing or about.get("Error", {}).get("Code", "").startswith(_PASSING):
                return None
            raise _still_running(stack, f"the change can't be watched any more ({error})") from error
        except BotoCoreError as error:
            raise _still_running(stack, f"the change can't be watched any more ({error})") from error

    return tolerant


def _still_running(stack: str, why: str) -> StillRunning:
    return StillRunning(
        f"Stack {stack}: {why}. CloudFormation goes on without this command.\n"
        f"  Watch: {watch_command(stack)}\n"
        "  When that is through, the same command again prints the stack's addresses."
    )


def _minutes(patience: Patience) -> str:
    return f"{patience.seconds / 60:g} minutes"


def _failures(cloudformation: "CloudFormationClient", stack: str) -> list[str]:
    """What failed in the latest change, in its order; what was only cancelled for it is left out."""
    failures: list[str] = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            reason = event.get("ResourceStatusReason", "no reason given")
            if event["ResourceStatus"].endswith("FAILED") and "cancelled" not in reason:
                failures.insert(0, f"{event['LogicalResourceId']}: {reason}")
            is_stack = event.get("PhysicalResourceId") == event["StackId"]
            if is_stack and event["ResourceStatus"] in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
                return failures
    return failures
