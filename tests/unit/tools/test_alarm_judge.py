"""The evaluation of alarms, compared with CloudWatch's documented rules."""

from typing import Any

import pytest

from tests.support.alarm_judge import Minute, evaluate, is_in_alarm, metric

ERRORS = metric("AWS/Lambda", "Errors", {"FunctionName": "ledger"})
ALARM: dict[str, Any] = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "FunctionName", "Value": "ledger"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 5,
    "DatapointsToAlarm": 3,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def minutes(*counts: float | None) -> list[Minute]:
    return [{} if count is None else {ERRORS: [count]} for count in counts]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((1, 1, 1), True),
        ((1, 0, 1, 0, 1), True),
        ((1, 1, None, None, None), False),
        ((1, 1, 1, 0, 0, 0), False),
        ((0, 0, 0), False),
        ((), False),
    ],
)
def test_an_alarm_needs_three_breaches_in_five_minutes(counts: tuple[float | None, ...], expected: bool) -> None:
    assert is_in_alarm(ALARM, minutes(*counts)) is expected


def test_a_metric_with_other_dimensions_is_ignored() -> None:
    other = metric("AWS/Lambda", "Errors", {"FunctionName": "archive"})
    assert not is_in_alarm(ALARM, [{other: [1]}] * 5)


def test_missing_data_breaches_only_if_configured() -> None:
    absent = ALARM | {"EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Period": 300, "Threshold": 1}
    absent |= {"ComparisonOperator": "LessThanThreshold", "TreatMissingData": "breaching"}
    assert is_in_alarm(absent, minutes(None, None))
    assert not is_in_alarm(absent, minutes(None, 1, None, None, None))


def test_a_percentile_uses_all_values_of_the_period() -> None:
    slow = ALARM | {"EvaluationPeriods": 1, "DatapointsToAlarm": 1, "ExtendedStatistic": "p99", "Threshold": 300}
    assert is_in_alarm(slow, [{ERRORS: [10.0] * 98 + [400.0] * 2}])
    assert not is_in_alarm(slow, [{ERRORS: [10.0] * 199 + [400.0]}])


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        ("IF(b + n >= 20, 100 * b / (b + n), 100)", {"b": 1, "n": 99}, 1),
        ("IF(b + n >= 20, 100 * b / (b + n), 100)", {"b": 1, "n": 2}, 100),
        ("IF(b + n >= 20, 100 * b / (b + n), 100)", {"b": None, "n": 99}, None),
        ("SUM([b, n])", {"b": None, "n": 3}, 3),
        ("100 * n / (n + FILL(b, 0))", {"b": None, "n": 3}, 100),
    ],
)
def test_metric_math_expressions(expression: str, values: dict[str, float | None], expected: float | None) -> None:
    assert evaluate(expression, values) == expected
