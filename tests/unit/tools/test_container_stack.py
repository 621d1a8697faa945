"""deploy/container.yaml: the container's stack agrees with the server, the bid function and the load balancer."""

import re
from collections import Counter
from typing import Any

import pytest

from bidder.events.publisher import STEP_SECONDS
from bidder.settings import Settings
from container.settings import ServerSettings
from tests.support.alarm_judge import Minute, is_in_alarm, metric
from tests.support.cloudformation import Stack
from tools import ROOT
from tools.template import load_template

TEMPLATE = ROOT / "deploy" / "container.yaml"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template = load_template(TEMPLATE)
    return {name: resource["Properties"] for name, resource in template["Resources"].items()}


@pytest.fixture(scope="module")
def task(resources: dict[str, Any]) -> dict[str, Any]:
    [container] = resources["Task"]["ContainerDefinitions"]
    return dict(container)


def rights(role: dict[str, Any]) -> Counter[str]:
    """The number of resources per action that a role's statements allow, without logs and X-Ray of Lambda."""
    counts: Counter[str] = Counter()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            counts.update({action: len(resources) for action in actions if not action.startswith(("logs:", "xray:"))})
    return counts


def test_a_task_has_the_rights_of_the_bid_function(resources: dict[str, Any]) -> None:
    path = ROOT / ".chalice" / "resources" / "bid.yaml"
    bid_role = load_template(path)["Resources"]["BidRole"]["Properties"]

    assert rights(resources["TaskRole"]) == rights(bid_role)


def variables_of(model: "type[Settings] | type[ServerSettings]") -> dict[str, bool]:
    """The environment variables of a settings model, with whether each is required."""
    return {f"BIDDER_{name.upper()}": field.is_required() for name, field in model.model_fields.items()}


def test_the_task_sets_all_required_variables_and_no_unknown_variable(task: dict[str, Any]) -> None:
    variables = {each["Name"] for each in task["Environment"]}
    known_variables = variables_of(Settings) | variables_of(ServerSettings)

    assert variables - known_variables.keys() <= {"AWS_REGION", "AWS_DEFAULT_REGION"}
    assert {name for name, is_required in known_variables.items() if is_required} <= variables


def test_timeouts_exceed_those_of_the_load_balancer_and_of_the_drain(
    resources: dict[str, Any], task: dict[str, Any]
) -> None:
    attributes = {each["Key"]: each["Value"] for each in resources["LoadBalancer"]["LoadBalancerAttributes"]}
    server = ServerSettings()

    assert server.idle_seconds > int(attributes["idle_timeout.timeout_seconds"])
    # requests, the last notices, running publications of counts, and the counts of the last minute
    assert task["StopTimeout"] > server.drain_seconds + 2 * (2 * STEP_SECONDS) + server.drain_seconds


def test_the_container_has_restrictive_settings(resources: dict[str, Any], task: dict[str, Any]) -> None:
    assert task["ReadonlyRootFilesystem"] is True
    assert re.search(r"^USER 65534:65534$", (ROOT / "container" / "Dockerfile").read_text(), re.MULTILINE)
    [rule] = resources["LoadBalancerSecurityGroup"]["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"], rule["CidrIp"]) == (443, 443, {"Ref": "Sources"})
    assert "SecurityGroupIngress" not in resources["TaskSecurityGroup"]
    assert "/explain" in resources["WithoutExplain"]["Conditions"][0]["PathPatternConfig"]["Values"]


def test_errors_and_missing_tasks_notify(resources: dict[str, Any]) -> None:
    alarms = {name: alarm for name, alarm in resources.items() if "AlarmActions" in alarm}

    assert alarms.keys() == {"ErrorsAlarm", "HealthyTasksAlarm"}
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["AlarmDescription"]


@pytest.fixture(scope="module")
def alarms() -> dict[str, dict[str, Any]]:
    stack = Stack(load_template(TEMPLATE), "bidder-container", {"MinTasks": "2", "AlarmTopic": "arn:topic"})
    return stack.resources("AWS::CloudWatch::Alarm")


def of_load_balancer(alarm: dict[str, Any], **values: float) -> Minute:
    """A minute with these values of load balancer metrics, with the dimensions of the alarm."""
    metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query] or [alarm]
    dimensions_by_metric = {each["MetricName"]: each["Dimensions"] for each in metrics}
    return {
        metric("AWS/ApplicationELB", name, {each["Name"]: each["Value"] for each in dimensions_by_metric[name]}): [
            value
        ]
        for name, value in values.items()
    }


@pytest.mark.parametrize(
    ("calls", "by_tasks", "by_load_balancer", "is_alarm"),
    [
        (1000, 0, 0, False),
        (1000, 20, 0, False),
        (1000, 21, 0, True),
        (1000, 10, 11, True),
        (1000, 0, 21, True),
        (99, 99, 0, False),
        (100, 3, 0, True),
    ],
)
def test_more_than_two_percent_of_5xx_answers_cause_the_alarm(
    alarms: dict[str, dict[str, Any]], calls: int, by_tasks: int, by_load_balancer: int, is_alarm: bool
) -> None:
    alarm = alarms["ErrorsAlarm"]
    values = {
        "RequestCount": calls,
        "HTTPCode_Target_5XX_Count": by_tasks,
        "HTTPCode_ELB_5XX_Count": by_load_balancer,
    }
    # the load balancer does not report zero counts
    minute = of_load_balancer(alarm, **{name: value for name, value in values.items() if value})
    quiet = of_load_balancer(alarm, RequestCount=1000)

    assert is_in_alarm(alarm, [minute] * 3 + [quiet] * 2) is is_alarm
    assert not is_in_alarm(alarm, [minute] * 2 + [quiet] * 3)


def test_too_few_healthy_tasks_and_missing_data_cause_the_alarm(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["HealthyTasksAlarm"]
    all_healthy, too_few = (of_load_balancer(alarm, HealthyHostCount=count) for count in (2, 1))

    assert not is_in_alarm(alarm, [all_healthy] * 5)
    assert not is_in_alarm(alarm, [too_few] * 4 + [all_healthy])
    assert is_in_alarm(alarm, [too_few] * 5)
    assert is_in_alarm(alarm, [{}] * 5)
