"""CloudWatch's evaluation of an alarm over minutes of metrics: statistics, metric math, M of N, missing data.

Sources: CloudWatch User Guide, "Using Amazon CloudWatch alarms" and "Using math expressions with CloudWatch metrics".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Metric = tuple[str, str, frozenset[tuple[str, str]]]
"""A metric: namespace, name and dimensions."""

Minute = Mapping[Metric, Sequence[float]]
"""The values of a minute, by metric."""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def metric(namespace: str, name: str, dimensions: Mapping[str, str]) -> Metric:
    """The metric with these dimensions."""
    return namespace, name, frozenset(dimensions.items())


def is_in_alarm(alarm: Mapping[str, Any], minutes: Sequence[Minute]) -> bool:
    """Whether the alarm is in the state ALARM after these minutes, in ascending order.

    `alarm` has the properties of AWS::CloudWatch::Alarm, with references resolved.
    """
    periods = int(alarm["EvaluationPeriods"])
    length = int(alarm.get("Period") or _period(alarm)) // 60
    chunks = [minutes[max(0, end - length) : end] for end in range(len(minutes), 0, -length)][:periods]
    breaching = sum(_breaches(alarm, _value(alarm, chunk)) for chunk in chunks)
    if alarm.get("TreatMissingData") == "breaching":
        breaching += periods - len(chunks)
    return breaching >= int(alarm.get("DatapointsToAlarm", periods))


def _period(alarm: Mapping[str, Any]) -> int:
    return max(int(query["MetricStat"]["Period"]) for query in alarm["Metrics"] if "MetricStat" in query)


def _breaches(alarm: Mapping[str, Any], value: float | None) -> bool:
    if value is None:
        return bool(alarm.get("TreatMissingData") == "breaching")
    return _COMPARISONS[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))


def _value(alarm: Mapping[str, Any], minutes: Sequence[Minute]) -> float | None:
    if "Metrics" not in alarm:
        return _statistic(alarm, alarm.get("ExtendedStatistic") or alarm["Statistic"], minutes)
    values: dict[str, float | None] = {
        query["Id"]: _statistic(query["MetricStat"]["Metric"], query["MetricStat"]["Stat"], minutes)
        for query in alarm["Metrics"]
        if "MetricStat" in query
    }
    expressions = {query["Id"]: query["Expression"] for query in alarm["Metrics"] if "Expression" in query}
    while left := expressions.keys() - values.keys():  # an expression may use another
        for name in left:
            if not _names(expressions[name]) & left:
                values[name] = evaluate(expressions[name], values)
    (returned,) = (query["Id"] for query in alarm["Metrics"] if query.get("ReturnData", True))
    return values[returned]


def _statistic(named: Mapping[str, Any], stat: str, minutes: Sequence[Minute]) -> float | None:
    expected = metric(
        named["Namespace"], named["MetricName"], {each["Name"]: each["Value"] for each in named.get("Dimensions", [])}
    )
    values = sorted(value for minute in minutes for value in minute.get(expected, ()))
    if not values:
        return None
    if stat.startswith("p"):
        return values[min(len(values) - 1, int(float(stat[1:]) / 100 * len(values)))]
    return {"Sum": sum(values), "Maximum": values[-1], "Minimum": values[0], "Average": sum(values) / len(values)}[stat]


def _names(expression: str) -> set[str]:
    return set(compile(expression, "metric math", "eval").co_names) - {"IF", "SUM", "FILL"}


def evaluate(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The value of a metric math expression, or None if a metric that it needs has no data."""
    functions = {
        "IF": lambda condition, yes, no: yes if condition else no,
        "SUM": lambda entries: sum(each for each in entries if each == each),  # NaN represents missing data
        "FILL": lambda value, filler: value if value == value else filler,
    }
    numbers = {name: float("nan") if value is None else value for name, value in values.items()}
    used = _names(expression)
    unfilled = {name for name in used if f"FILL({name}" not in expression and "SUM([" not in expression}
    if any(values[name] is None for name in unfilled):
        return None
    try:
        result = float(eval(expression, {"__builtins__": {}}, {**functions, **numbers}))  # noqa: S307  our template's
    except ZeroDivisionError:
        return None
    return None if result != result else result
