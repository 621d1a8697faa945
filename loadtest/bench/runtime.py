"""Measures the package under the real Lambda runtime, compared with a no-op function. AWS is a separate MiniStack.

A loop in one process makes a decision look faster, because the processor's caches keep its code and data. Between two
invocations other processes use the caches, as on a machine of Lambda. So the rows of the runtime are the main result.

With the sample campaigns, a bid of the campaign with a frequency cap reads the viewer's exposures from MiniStack. The
p99 of these rows is the time of that read, which the parameter `frequency-deadline` limits.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import perf_counter_ns
from typing import NamedTuple

from bidder.campaigns.files import read_campaigns
from loadtest.bench import noop
from loadtest.bench.campaigns import campaigns
from loadtest.bench.decision import SEED, api_event, mixed_requests, video_requests
from loadtest.bench.measure import BenchRow, interleaved, row
from loadtest.bench.published import publish
from tools.lambda_runtime import lambda_runtime, unpack_archive
from tools.local import deploy_package
from tools.ministack import MiniStack
from tools.package import Package, package
from tools.processes import free_port
from tools.seed import SAMPLES

STARTS = 9
REQUESTS = 300
ROUNDS = 4
GENERATED = 10_000


class Function(NamedTuple):
    """The code and the variables of an environment; `campaigns` is None for the no-op function."""

    campaigns: int | None
    code: Path
    handler: str
    variables: Mapping[str, str]


def rows() -> list[BenchRow]:
    """Warm invocations by workload, and first invocations of new environments.

    Raises NotOnThisMachine without the emulator.
    """
    built = package()
    workloads = {"video": _events(video_requests(REQUESTS)), "mixed": _events(mixed_requests(REQUESTS))}
    with tempfile.TemporaryDirectory() as name, _functions(Path(name), built) as functions:
        warm = _warm(functions, workloads, Path(name))
        first = _first(functions, workloads["video"], Path(name))
    return [
        *(row for workload, seconds in warm.items() for row in _rows("warm", functions, seconds, workload)),
        *_rows("first", functions, first, "video"),
    ]


def _events(bodies: Sequence[bytes]) -> list[bytes]:
    return [json.dumps(api_event(body)).encode() for body in bodies]


def _rows(
    which: str, functions: Mapping[str, Function], durations: Mapping[str, list[float]], workload: str
) -> Iterator[BenchRow]:
    baseline = f"{which} invoke, no-op"
    for name, function in functions.items():
        label = baseline if function.campaigns is None else f"{which} invoke"
        yield row(label, function.campaigns, durations[name], baseline, durations["no-op"], workload)


@contextmanager
def _functions(folder: Path, built: Package) -> Iterator[dict[str, Function]]:
    """The no-op function, and the package with a bucket for each number of campaigns."""
    idle, aws = folder / "noop", MiniStack(folder / "aws", free_port())
    idle.mkdir()
    shutil.copy(str(noop.__file__), idle)
    samples = read_campaigns(SAMPLES.read_text(encoding="utf-8"), "https://media.example/")
    generated = campaigns(Random(SEED), GENERATED)  # noqa: S311  a repeatable draw, not a secret
    aws.start()
    try:
        variables = deploy_package(aws, built)
        functions = {"no-op": Function(None, idle, "noop.handler", {})}
        s3 = aws.session().client("s3")
        for book in (samples, generated):
            bucket = f"bench-{len(book)}"
            s3.create_bucket(Bucket=bucket)
            publish(s3, bucket, book, datetime.now(UTC))
            bucket_variable = {"BIDDER_SNAPSHOT_BUCKET": bucket}
            functions[bucket] = Function(
                len(book), unpack_archive(built.archive), "app.app", variables | bucket_variable
            )
        yield functions
    finally:
        aws.stop()


def _first(functions: Mapping[str, Function], events: list[bytes], folder: Path) -> dict[str, list[float]]:
    """The microseconds of the first invocation of new environments, in turns."""
    durations: dict[str, list[float]] = {name: [] for name in functions}
    for number, event in enumerate(events[:STARTS]):
        for name, function in functions.items():
            # an environment must not use the copy that another one left in its /tmp
            temporary = folder / f"{name}-{number}"
            variables = {**function.variables, "TMPDIR": str(temporary)}
            temporary.mkdir()
            with lambda_runtime(function.code, function.handler, variables, folder / f"{name}.log") as environment:
                started_at = perf_counter_ns()
                environment.invoke_bytes(event)
                durations[name].append((perf_counter_ns() - started_at) / 1000)
                environment.invoke_raw(event)  # raises where the function fails
    return durations


def _warm(
    functions: Mapping[str, Function], workloads: Mapping[str, list[bytes]], folder: Path
) -> dict[str, dict[str, list[float]]]:
    """The microseconds of invocations of one environment each, in turns, by workload."""
    with ExitStack() as running:
        environments = {
            name: running.enter_context(
                lambda_runtime(function.code, function.handler, function.variables, folder / f"{name}.log")
            )
            for name, function in functions.items()
        }
        calls = {name: environment.invoke_bytes for name, environment in environments.items()}
        durations = {}
        for workload, events in workloads.items():
            interleaved({name: environment.invoke_raw for name, environment in environments.items()}, events, rounds=1)
            durations[workload] = interleaved(calls, events, ROUNDS)
        return durations
