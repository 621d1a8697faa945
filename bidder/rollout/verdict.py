"""Reports a hook's result to CodeDeploy, even if the hook fails: without a report, CodeDeploy waits an hour."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bidder import log

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient


def report(
    codedeploy: "CodeDeployClient", event: Mapping[str, str], hook: str, examine: Callable[[], list[str]]
) -> list[str]:
    """Runs `examine` and reports success to CodeDeploy if it returns no reason. Returns the reasons."""
    try:
        reasons = examine()
    except Exception as failure:  # a version that could not be examined gets no traffic
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
