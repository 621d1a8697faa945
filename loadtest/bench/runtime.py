"""The package under the real Lambda runtime, beside a function that does nothing; AWS is a MiniStack of its own."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from bidder.campaigns.files import read_campaigns
from bidder.campaigns.repository import CampaignRepository
from loadtest.bench import noop
from loadtest.bench.decision import api_event, video_requests
from loadtest.bench.measure import Row, interleaved, row
from tools.lambda_runtime import LambdaRuntime, lambda_runtime, unpacked
from tools.local import deployed
from tools.ministack import MiniStack
from tools.package import Package, package
from tools.processes import free_port
from tools.seed import SAMPLES

STARTS = 9
REQUESTS = 300
ROUNDS = 4
_NAMES = {"bid": "invoke", "no-op": "invoke, no-op"}
_REFRESH = {
    "Records": [{"EventSource": "aws:sns", "Sns": {"Subject": "bench", "Message": "{}", "MessageAttributes": {}}}]
}

Start = Callable[[str], "LambdaRuntime"]


def rows() -> list[Row]:
    """First invokes of fresh environments, and warm ones. Raises NotOnThisMachine where there is no emulator."""
    built = package()
    with tempfile.TemporaryDirectory() as name, _stack(Path(name), built) as (variables, campaigns):
        functions = _functions(Path(name), built, variables)
        events = [json.dumps(api_event(body)).encode() for body in video_requests(REQUESTS)]
        _refresh(functions["bid"][0], variables, Path(name))
        return [
            *_rows("first ", campaigns, _first(functions, events, Path(name))),
            *_rows("warm ", campaigns, _warm(functions, events, Path(name))),
        ]


def _rows(prefix: str, campaigns: int, took: Mapping[str, list[float]]) -> Iterator[Row]:
    baseline = prefix + _NAMES["no-op"]
    yield row(baseline, None, took["no-op"], baseline, took["no-op"])
    yield row(prefix + _NAMES["bid"], campaigns, took["bid"], baseline, took["no-op"])


@contextmanager
def _stack(folder: Path, built: Package) -> Iterator[tuple[dict[str, str], int]]:
    """The deployed package with the sample campaigns: the variables that lead there, and how many they are."""
    aws = MiniStack(folder / "aws", free_port())
    aws.start()
    try:
        variables = deployed(aws, built)
        book = read_campaigns(SAMPLES.read_text(encoding="utf-8"), "https://media.example/")
        tables = (variables["BIDDER_CAMPAIGNS_TABLE"], variables["BIDDER_HISTORY_TABLE"])
        CampaignRepository(aws.session().client("dynamodb"), *tables).put_many(book)
        yield variables, len(book)
    finally:
        aws.stop()


def _functions(
    folder: Path, built: Package, variables: Mapping[str, str]
) -> dict[str, tuple[Path, str, Mapping[str, str]]]:
    """Code, handler and environment of each function."""
    idle = folder / "noop"
    idle.mkdir()
    shutil.copy(str(noop.__file__), idle)
    return {"no-op": (idle, "noop.handler", {}), "bid": (unpacked(built.archive), "app.app", variables)}


def _refresh(code: Path, variables: Mapping[str, str], logs: Path) -> None:
    with lambda_runtime(code, "app.refresh", variables, logs / "refresh.log") as function:
        function.invoke(_REFRESH)


def _first(functions: Mapping[str, Any], events: list[bytes], folder: Path) -> dict[str, list[float]]:
    """Microseconds of the first invoke of fresh environments, in turns."""
    took: dict[str, list[float]] = {name: [] for name in functions}
    for event in events[:STARTS]:
        for name, (code, handler, variables) in functions.items():
            with lambda_runtime(code, handler, variables, folder / f"{name}.log") as function:
                started = perf_counter_ns()
                function.invoke_raw(event)
                took[name].append((perf_counter_ns() - started) / 1000)
    return took


def _warm(functions: Mapping[str, Any], events: list[bytes], folder: Path) -> dict[str, list[float]]:
    """Microseconds of invokes of one environment each, in turns."""
    with ExitStack() as running:
        calls = {
            name: running.enter_context(lambda_runtime(code, handler, variables, folder / f"{name}.log")).invoke_raw
            for name, (code, handler, variables) in functions.items()
        }
        interleaved(calls, events, rounds=1)
        return interleaved(calls, events, ROUNDS)
