"""Repairs of MiniStack for canaries.

- An alias with weights sends that share of invocations to its second version. MiniStack stores the weights and sends
  all to the first.
- Invocations by API Gateway and by queues count in CloudWatch, by function and by version. MiniStack counts those by
  the Invoke API, by function.
- Alarms keep the state that SetAlarmState gave them. MiniStack evaluates an alarm over the metric's values of all
  dimensions, so an error of one function makes the alarms of all ring.
"""

import random
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from tools.versions import ALIAS

_resolve = lambda_svc._effective_func_record_for_qualifier
_dispatch = lambda_svc._execute_function_dispatch


def repair() -> None:
    """Replaces functions of MiniStack. Must be called before MiniStack starts."""
    lambda_svc._effective_func_record_for_qualifier = _weighted
    lambda_svc._execute_function_dispatch = _counted
    lambda_svc._emit_lambda_metrics = _nothing
    cloudwatch._evaluate_alarm = _nothing


def version_of(alias: dict[str, Any], draw: Callable[[], float] = random.random) -> str:
    """The version that gets an invocation of the alias, by its weights. `draw` is uniform in [0, 1)."""
    remaining = draw()
    for version, weight in (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {}).items():
        if remaining < weight:
            return str(version)
        remaining -= weight
    return str(alias["FunctionVersion"])


def _weighted(function: dict[str, Any] | None, qualifier: str | None) -> Any:
    alias = (function or {}).get("aliases", {}).get(qualifier)
    return _resolve(function, version_of(alias) if alias else qualifier)


def _counted(function: dict[str, Any], config: dict[str, Any], *rest: Any) -> Any:
    started_at = time.time()
    result = _dispatch(function, config, *rest)
    name, version = config.get("FunctionName", ""), config.get("Version", "$LATEST")
    dimensions = [{"FunctionName": name}]
    if version != "$LATEST":
        dimensions.append({"FunctionName": name, "Resource": f"{name}:{ALIAS}", "ExecutedVersion": version})
    for each in dimensions:
        cloudwatch.record_metric("AWS/Lambda", "Invocations", 1, "Count", each)
        cloudwatch.record_metric("AWS/Lambda", "Errors", float(bool(result.get("error"))), "Count", each)
        cloudwatch.record_metric("AWS/Lambda", "Duration", (time.time() - started_at) * 1000, "Milliseconds", each)
    return result


def _nothing(*_: Any, **__: Any) -> None:
    pass
