"""Creates, executes and awaits a change of a CloudFormation stack."""

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
"""The states in which a stack accepts a change."""

_PASSING = ("Throttl", "RequestLimitExceeded", "TooManyRequests", "ServiceUnavailable", "Internal", "RequestTimeout")
"""The beginnings of error codes after which a retry can succeed."""


class DeployFailed(RuntimeError):
    """CloudFormation refused or rolled back the change. The message has its reasons."""


class Unsettled(DeployFailed):
    """An earlier deployment has left the stack in a state in which it accepts no change."""


class StillRunning(DeployFailed):
    """The wait ended before the change. CloudFormation continues with the change."""


@dataclass(frozen=True)
class Patience:
    """The time limit of a wait in seconds. boto3's waiters end after 120 polls instead."""

    seconds: float = 3600
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds)

    def until(self, look: Callable[[], T | None]) -> T | None:
        """Calls `look` until it returns a value other than None, at least once at the end.

        Returns None when the time is over.
        """
        started_at = self.clock()
        while (result := look()) is None:
            waited = self.clock() - started_at
            if waited >= self.seconds:
                return None
            # CloudFormation limits the calls a second of the whole account
            self.sleep(min(1 if waited < 30 else 5, self.seconds - waited))
        return result


def describe_stack(cloudformation: "CloudFormationClient", stack: str) -> dict[str, Any] | None:
    """The description of the stack by CloudFormation, or None if the stack does not exist."""
    try:
        return dict(cloudformation.describe_stacks(StackName=stack)["Stacks"][0])
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def is_settled(current: Mapping[str, Any] | None) -> bool:
    """Whether the stack exists and accepts a change."""
    return current is not None and current["StackStatus"] in SETTLED


def is_new(current: Mapping[str, Any] | None) -> bool:
    """Whether a change creates the stack. A stack in review has no resources yet."""
    return current is None or current["StackStatus"] == "REVIEW_IN_PROGRESS"


def parameters_of(current: Mapping[str, Any] | None) -> dict[str, str]:
    """The values of the stack's parameters, by name."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in (current or {}).get("Parameters", [])}


def stated_parameters(
    template: Mapping[str, Any], parameters: Mapping[str, str], current: Mapping[str, Any] | None
) -> "list[ParameterTypeDef]":
    """The parameters in CloudFormation's form. A parameter without a value keeps its present value, or its default."""
    stated_values: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
    ]
    unchanged = parameters_of(current).keys() & template["Parameters"].keys() - parameters.keys()
    return stated_values + [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(unchanged)]


def check_changeable(stack: str, current: Mapping[str, Any] | None) -> None:
    """Raises Unsettled if the stack exists but accepts no change."""
    if current is None or is_settled(current) or current["StackStatus"] == "REVIEW_IN_PROGRESS":
        return
    msg = (
        f"Stack {stack} is {current['StackStatus']}. Wait for the running operation: {watch_command(stack)}. "
        f"A stack whose creation failed is deleted first: aws cloudformation delete-stack --stack-name {stack}"
    )
    raise Unsettled(msg)


def watch_command(stack: str) -> str:
    """The command that shows the events of the stack."""
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
    """Changes the stack to the template. With `imports`, creates a stack of the existing resources in the template.

    Raises:
        DeployFailed: CloudFormation refused the change, or the change failed.
        StillRunning: The time limit ended before the change.
    """
    kind: Literal["IMPORT", "CREATE", "UPDATE"] = "IMPORT" if imports else "CREATE" if is_new(current) else "UPDATE"
    # The name is derived from the change, so that a retry after a failure gets a new name.
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
    """Whether the change set contains changes. Waits until CloudFormation has created it."""

    def look() -> tuple[str, str] | None:
        change_set = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        is_done = change_set["Status"] in {"CREATE_COMPLETE", "FAILED"}
        return (change_set["Status"], change_set.get("StatusReason", "no reason given")) if is_done else None

    outcome = patience.until(_watching(stack, look))
    if outcome is None:
        raise _still_running(
            stack, f"the change set {name} is not ready after {_minutes(patience)}; nothing is changed yet"
        )
    status, reason = outcome
    if status == "CREATE_COMPLETE":
        return True
    cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
    if "didn't contain changes" in reason or "No updates" in reason:
        return False
    msg = f"Stack {stack}: CloudFormation refuses the change: {reason}"
    raise DeployFailed(msg)


def _wait(cloudformation: "CloudFormationClient", stack: str, expected: str, patience: Patience) -> None:
    def look() -> str | None:
        current = describe_stack(cloudformation, stack)
        if current is None:
            return "DELETE_COMPLETE"
        status = str(current["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    status = patience.until(_watching(stack, look))
    if status is None:
        raise _still_running(stack, f"after {_minutes(patience)} the change has not ended")
    if status != expected:
        msg = "\n  ".join([f"Stack {stack} failed:", *_failures(cloudformation, stack)])
        raise DeployFailed(msg)


def _watching(stack: str, look: Callable[[], T | None]) -> Callable[[], T | None]:
    """The same poll, which returns None if the network or CloudFormation fails temporarily."""

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


def _still_running(stack: str, reason: str) -> StillRunning:
    return StillRunning(
        f"Stack {stack}: {reason}. CloudFormation continues without this command.\n"
        f"  Watch: {watch_command(stack)}\n"
        "  After its end, the same command prints the stack's addresses."
    )


def _minutes(patience: Patience) -> str:
    return f"{patience.seconds / 60:g} minutes"


def _failures(cloudformation: "CloudFormationClient", stack: str) -> list[str]:
    """The failures of the latest change in order, without resources that were cancelled because of them."""
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
