"""Versions are deployed into the local AWS under traffic, and shifted by the template's CodeDeploy configuration.

The hooks are the package's functions under the real Lambda runtime. The API, the alias with its weights, the versions,
the events and the ledger are those of the local AWS.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.code_deploy import CodeDeploy, Deployment, Rollout, code_deploy, rollouts, steps
from tests.integration.drill import Drill
from tests.integration.observation import observe
from tests.integration.polling import poll
from tests.integration.traffic import Traffic, traffic
from tests.integration.versions import Deployer, planted
from tests.support.alarm_judge import is_in_alarm, metric
from tests.support.cloudformation import Stack
from tools.deploy import LOCAL_ACCOUNT, deploy
from tools.lambda_runtime import NotOnThisMachine, install_tools, lambda_runtime, unpack_archive
from tools.local import STACK
from tools.package import Package
from tools.versions import live_version, roll_back

COUNTRY = "ISL"
REQUESTS_A_MINUTE = 4
"""The number of auctions that represent a minute of the shift."""

SAME = "pass"
RENAMES = 'answer["body"] = str(answer["body"]).replace(\'"dur":\', \'"length":\')'
RAISES = f'assert "{COUNTRY}" not in body'


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("CodeDeployDefault.LambdaAllAtOnce", ((100, 0),)),
        ("CodeDeployDefault.LambdaCanary10Percent5Minutes", ((10, 5), (100, 0))),
        ("CodeDeployDefault.LambdaCanary10Percent30Minutes", ((10, 30), (100, 0))),
        ("CodeDeployDefault.LambdaLinear10PercentEvery1Minute", (*((n, 1) for n in range(10, 100, 10)), (100, 0))),
    ],
)
def test_the_steps_are_those_of_codedeploys_configurations(
    configuration: str, expected: tuple[tuple[int, int], ...]
) -> None:
    assert steps(configuration) == expected


@dataclass
class Shift:
    """The deployment of a version. `rollout` shifts traffic by the template's rollout of the bid function."""

    drill: Drill
    deployer: Deployer
    server: CodeDeploy
    code: Path
    logs: Path

    @property
    def function(self) -> str:
        return self.drill.ids["APIHandler"]

    @property
    def live(self) -> int:
        return live_version(self.drill.session.client("lambda"), self.function)

    def rollout(self, new: int, minute: Callable[[], None], **parameters: str) -> Deployment:
        old, stack = self.live, self._stack(new, parameters)
        rollout = rollouts(self.deployer.template, stack)["APIHandler"]
        if "Rollout" in parameters:
            rollout = Rollout(**{**vars(rollout), "configuration": f"CodeDeployDefault.Lambda{parameters['Rollout']}"})
        started_at = datetime.now(UTC)

        def invoke(hook: str, event: Mapping[str, str]) -> Any:
            variables = stack.value(self.deployer.template["Resources"][hook]["Properties"]["Environment"]["Variables"])
            codedeploy_variables = {"AWS_ENDPOINT_URL_CODEDEPLOY": self.server.url, "BIDDER_ROLLOUT_SETTLING": "0"}
            handler = self.deployer.template["Resources"][hook]["Properties"]["Handler"]
            log = self.logs / f"{hook}.log"
            with lambda_runtime(
                self.code, handler, variables | self.drill.aws.environment() | codedeploy_variables, log, 120
            ) as runtime:
                return runtime.invoke(event)

        def ringing(alarms: Sequence[str]) -> list[str]:
            seen = observe(self.drill, started_at)
            properties = {name: self.deployer.template["Resources"][name]["Properties"] for name in alarms}
            return [name for name in alarms if is_in_alarm(stack.value(properties[name]), [seen])]

        return self.server.deploy(rollout, lambda percent: self.move(old, new, percent), invoke, ringing, minute)

    def _stack(self, new: int, parameters: Mapping[str, str]) -> Stack:
        version = next(name for name in self.deployer.template["Resources"] if name.startswith("APIHandlerVersion"))
        # The local AWS lacks alarms with metric math. Their names are their logical ids here.
        ids = {name: name for name in self.deployer.template["Resources"]} | self.drill.ids
        ids[version] = f"{self.function}:{new}"
        return Stack(self.deployer.template, STACK, parameters, LOCAL_ACCOUNT, ids)

    def move(self, old: int, new: int, percent: int) -> None:
        weights = {} if percent in {0, 100} else {str(new): percent / 100}
        self.drill.session.client("lambda").update_alias(
            FunctionName=self.function,
            Name="live",
            FunctionVersion=str(new if percent == 100 else old),
            RoutingConfig={"AdditionalVersionWeights": weights},
        )

    def invocations(self, version: int) -> float:
        """The number of requests to a version, by its alias or the hooks."""
        name = self.function
        query = metric(
            "AWS/Lambda",
            "Invocations",
            {"FunctionName": name, "Resource": f"{name}:live", "ExecutedVersion": str(version)},
        )
        return sum(observe(self.drill, datetime.fromtimestamp(0, UTC)).get(query, ()))


@pytest.fixture(scope="module")
def shift(drilled: Drill, built_package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shift]:
    try:
        install_tools()
    except NotOnThisMachine as error:
        pytest.skip(str(error))
    drilled.sell(COUNTRY)
    drilled.refresh()
    with code_deploy() as server:
        logs = tmp_path_factory.mktemp("hooks")
        yield Shift(drilled, Deployer(drilled, built_package), server, unpack_archive(built_package.archive), logs)
    deploy(drilled.session, built_package, STACK, {})
    drilled.__dict__.pop("ids", None)


def a_minute(made: Traffic) -> Callable[[], None]:
    """Waits until as much traffic as in a minute of the shift has passed."""

    def wait() -> None:
        before = made.bids.total()
        poll(lambda: made.bids.total() >= before + REQUESTS_A_MINUTE, seconds=60)

    return wait


def test_a_good_version_moves_under_traffic_without_a_failed_bid_or_a_lost_event(
    shift: Shift, built_package: Package, tmp_path: Path
) -> None:
    drill, campaign = shift.drill, f"in-{COUNTRY}"
    spend_micros = drill.spent(campaign).total_micros
    with traffic(drill, COUNTRY, threads=1) as sales:
        a_minute(sales)()
        old = shift.live
        new = shift.deployer.publish(planted(built_package.archive, tmp_path / "good.zip", SAME), old)
        assert (shift.live, new > old) == (old, True)
        deployment = shift.rollout(new, a_minute(sales))
        a_minute(sales)()

    assert (deployment.succeeded, deployment.why, deployment.shares) == (True, "", [10, 100])
    assert shift.live == new
    assert set(sales.bids) == {200}, sales.bids
    assert set(sales.notices) == {204}, sales.notices
    expected_micros = sales.notices.total() * 5000
    poll(lambda: drill.spent(campaign).total_micros - spend_micros >= expected_micros, seconds=120)
    assert drill.spent(campaign).total_micros - spend_micros == expected_micros


def test_a_version_with_different_answers_gets_no_traffic_and_a_rollback_takes_under_a_minute(
    shift: Shift, built_package: Package, tmp_path: Path
) -> None:
    functions, old = shift.drill.session.client("lambda"), shift.live
    new = shift.deployer.publish(planted(built_package.archive, tmp_path / "bad.zip", RENAMES), old)
    deployment = shift.rollout(new, lambda: None)
    assert (deployment.succeeded, deployment.why, deployment.shares) == (False, "BeforeAllowTraffic failed", [])
    assert shift.live == old
    assert "bid[0].dur: 15 before, nothing now" in (shift.logs / "BeforeTraffic.log").read_text()

    shift.move(old, new, 100)  # as if the hook had missed the fault
    sales = Traffic(shift.drill, COUNTRY)
    assert '"length":' in sales.bid().body
    started_at = time.monotonic()
    assert roll_back(functions, shift.function) == old
    assert '"dur":' in sales.bid().body
    assert time.monotonic() - started_at < 60  # the documented limit; a rollback takes about a second


def test_a_fault_that_the_hook_misses_causes_an_alarm_and_a_rollback(
    shift: Shift, built_package: Package, tmp_path: Path
) -> None:
    old = shift.live
    new = shift.deployer.publish(planted(built_package.archive, tmp_path / "missed.zip", RAISES), old)
    with traffic(shift.drill, COUNTRY, threads=1) as sales:
        deployment = shift.rollout(new, a_minute(sales), Rollout="Linear10PercentEvery1Minute")
        assert deployment.why == "alarms: NewVersionErrorsAlarm"
        assert (deployment.succeeded, shift.live) == (False, old)
        assert deployment.shares == list(range(10, deployment.shares[-1] + 1, 10))
        a_minute(sales)()  # requests in flight have ended
        failed = sales.bids.copy()
        a_minute(sales)()
    assert set(sales.bids - failed) == {200}
