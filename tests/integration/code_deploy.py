"""CodeDeploy's shift of an alias by the template's own configuration. The local AWS has no CodeDeploy.

Source: AWS CodeDeploy User Guide, "AppSpec 'hooks' section for an AWS Lambda deployment" and "Deployment configurations
on an AWS Lambda compute platform".
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.cloudformation import Stack
from tests.support.serving import serving
from tools.processes import LOOPBACK

Template = Mapping[str, Any]


@dataclass(frozen=True)
class Rollout:
    """The template's rollout of an alias. Hooks and alarms are logical ids. `configuration` is a name of CodeDeploy."""

    function: str
    configuration: str
    before: str | None
    after: str | None
    alarms: tuple[str, ...]
    on_alarm: bool

    @property
    def steps(self) -> tuple[tuple[int, int], ...]:
        """The steps: percent of traffic of the new version, and minutes until the next step."""
        return steps(self.configuration)


def steps(configuration: str) -> tuple[tuple[int, int], ...]:
    """The steps of a predefined configuration of CodeDeploy, as (percent, minutes until the next)."""
    if configuration.endswith("AllAtOnce"):
        return ((100, 0),)
    parts = re.fullmatch(r".*(Canary|Linear)(\d+)Percent(?:Every)?(\d+)Minutes?", configuration)
    assert parts, configuration
    percent, minutes = int(parts[2]), int(parts[3])
    if parts[1] == "Canary":
        return ((percent, minutes), (100, 0))
    return tuple((share, minutes if share < 100 else 0) for share in range(percent, 101, percent))


def rollouts(template: Template, stack: Stack) -> dict[str, Rollout]:
    """The rollouts of a translated template by the function's logical id."""
    rollouts_by_function = {}
    for alias in template["Resources"].values():
        update = alias.get("UpdatePolicy", {}).get("CodeDeployLambdaAliasUpdate")
        if alias["Type"] != "AWS::Lambda::Alias" or update is None:
            continue
        group = template["Resources"][update["DeploymentGroupName"]["Ref"]]["Properties"]
        rollback = group["AutoRollbackConfiguration"]
        function = alias["Properties"]["FunctionName"]["Ref"]
        rollouts_by_function[function] = Rollout(
            function,
            stack.value(group["DeploymentConfigName"]),
            update.get("BeforeAllowTrafficHook", {}).get("Ref"),
            update.get("AfterAllowTrafficHook", {}).get("Ref"),
            tuple(each["Name"]["Ref"] for each in group.get("AlarmConfiguration", {}).get("Alarms", [])),
            rollback["Enabled"] and "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"],
        )
    return rollouts_by_function


@dataclass
class Deployment:
    """The result of a shift. `shares` are the percents of traffic of the new version, in order."""

    succeeded: bool
    why: str
    shares: list[int] = field(default_factory=list)


class CodeDeploy(ThreadingHTTPServer):
    """Moves aliases, and receives the hooks' reports at `url` as the API PutLifecycleEventHookExecutionStatus."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Reports)
        self.statuses: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.server_port}"

    def deploy(
        self,
        rollout: Rollout,
        move: Callable[[int], None],
        invoke: Callable[[str, Mapping[str, str]], Any],
        ringing: Callable[[Sequence[str]], Sequence[str]],
        minute: Callable[[], None],
    ) -> Deployment:
        """Shifts traffic like CodeDeploy.

        `move` gives the new version a percentage of the traffic; at 0 the old version gets all of it. `invoke` runs a
        hook. `ringing` returns the names of the alarms in state ALARM. `minute` lets a minute pass.
        """
        deployment = Deployment(succeeded=False, why="")
        if not self._passes(rollout.before, invoke):
            deployment.why = "BeforeAllowTraffic failed"
            return deployment
        for percent, minutes in rollout.steps:
            move(percent)
            deployment.shares.append(percent)
            for _ in range(minutes):
                minute()
                if rollout.on_alarm and (alarms := ringing(rollout.alarms)):
                    move(0)
                    deployment.why = f"alarms: {', '.join(alarms)}"
                    return deployment
        if not self._passes(rollout.after, invoke):
            move(0)
            deployment.why = "AfterAllowTraffic failed"
            return deployment
        deployment.succeeded = True
        return deployment

    def _passes(self, hook: str | None, invoke: Callable[[str, Mapping[str, str]], Any]) -> bool:
        if hook is None:
            return True
        execution = f"execution-{hook}"
        self.statuses.pop(execution, None)
        invoke(hook, {"DeploymentId": "d-LOCAL", "LifecycleEventHookExecutionId": execution})
        return self.statuses.get(execution) == "Succeeded"  # a hook that never reports fails after an hour


class _Reports(BaseHTTPRequestHandler):
    server: CodeDeploy

    def do_POST(self) -> None:
        action = self.headers["X-Amz-Target"]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = action == "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
        if is_known and request["deploymentId"] == "d-LOCAL":
            self.server.statuses[request["lifecycleEventHookExecutionId"]] = request["status"]
        body = json.dumps({"lifecycleEventHookExecutionId": request.get("lifecycleEventHookExecutionId")}).encode()
        self.send_response(200 if is_known else 400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def code_deploy() -> Iterator[CodeDeploy]:
    """A running CodeDeploy."""
    server = CodeDeploy()
    with serving(server):
        yield server
