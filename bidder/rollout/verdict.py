"""A hook's answer to CodeDeploy. It is always given: CodeDeploy waits an hour for one that does not come."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bidder import log

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient


def report(
    codedeploy: "CodeDeployClient", event: Mapping[str, str], hook: str, examine: Callable[[], list[str]]
) -> list[str]:
    """Runs the examination and tells CodeDeploy whether it found nothing; returns what it found."""
    try:
        reasons = examine()
    except Exception as failure:  # whatever it is, a version that can't be examined gets no traffic
        log.error("rollout.unexamined", hook=hook)
        reasons = [f"the hook failed: {type(failure).__name__}"]
    if reasons:
        log.warning("rollout.refused", hook=hook, objections=reasons)
    else:
        log.event("rollout.passed", hook=hook)
    codedeploy.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Failed" if reasons else "Succeeded",
    )
    return reasons
