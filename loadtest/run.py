"""`python -m loadtest.run`: sends a minute of load to the bidder on this machine, and prints a table of its answers.

Environment variables change the run; docs/scale.md lists them. Exits with 1 after a wrong answer, a 5xx or a lost
event, and with 2 if the run can't start.
"""

import os
import signal
import ssl
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from itertools import groupby
from operator import itemgetter
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

# locust patches sockets for gevent, so it must be imported before modules that open sockets
from locust.env import Environment  # isort: skip
import gevent
import locust
from botocore.exceptions import BotoCoreError, ClientError
from locust.html import get_html_report
from locust.runners import STATE_RUNNING, Runner
from locust.stats import RequestStats, StatsEntry, stats_history

from bidder.cli.environment import variables_of
from bidder.cli.table import table
from loadtest.event_watch import EventWatch, local_watch
from loadtest.locustfile import BID, NOTICES, ExchangeUser, accepted_events, late, lost, outcomes, unavailable
from loadtest.plan import BadPlan, Plan, plan
from loadtest.replay import BadReplay, recorded
from loadtest.tls import tls_context
from tools.processes import is_taken

PROGRESS_SECONDS = 5
MAX_FAULTS = 20
"""The most kinds of errors that are printed."""
HEADINGS = ("", "requests", "rate /s", "p50 ms", "p99 ms", "bids", "no-bids", "400s", "503s", "errors")
UNAVAILABLE = {
    BID: "503 of POST /bid: the concurrency limit was reached, so there is no bid.",
    NOTICES: "503 of a notice: neither SNS nor SQS accepted the event in time. The sender must repeat the call after\n"
    "  Retry-After. Events answered with 204 are not lost. `make run` has one process for all services and functions\n"
    "  of the local AWS, so it is slower under load than AWS.",
}
"""The reason of a 503, by the row of the table."""


def main() -> int:
    """Runs the plan of the environment. Returns the exit status."""
    try:
        run_plan = plan(os.environ)
        if run_plan.replay is not None:
            recorded(run_plan.replay)
    except (BadPlan, BadReplay) as error:
        print(f"loadtest: {error}", file=sys.stderr)
        return 2
    if (fault := _unready(run_plan)) is not None:
        print(f"loadtest: {fault}", file=sys.stderr)
        return 2
    print(f"loadtest: {run_plan.users} users for {run_plan.duration} s against {run_plan.host}", flush=True)
    watch = _watch(run_plan)
    if watch is None and run_plan.settings is not None and os.environ.get("EVENTS") == "local":
        return 2
    try:
        runner = _run(run_plan, watch)
        missing = watch.missing(accepted_events, run_plan.arrival) if watch else set()
    finally:
        if watch:
            watch.close()
    print(report(runner.stats, outcomes, unavailable))
    for fault in _faults(runner, missing):
        print(f"  {fault}")
    if watch and not missing:
        print(f"  the bidder accepted {len(accepted_events)} events, and all of them arrived on the topic")
    if run_plan.report:
        run_plan.report.write_text(get_html_report(runner.environment, show_download_link=False))  # type: ignore[no-untyped-call]
        print(f"  report: {run_plan.report}")
    return 1 if runner.stats.errors or runner.exceptions or lost or missing or not outcomes else 0


def _faults(runner: Runner, missing: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each kind of fault, and one for late bids, which are no fault.

    `missing` are the kind and bid id of the events that did not arrive on the topic.
    """
    yield from (meaning for row, meaning in UNAVAILABLE.items() if unavailable[row])
    if late[BID]:
        yield f"{late[BID]} x late: a bid after the tmax of its request, which an exchange no longer accepts"
    if not outcomes and not runner.stats.errors:
        yield "no bid request was answered before the end of the run"
    failures = sorted(runner.stats.errors.values(), key=lambda failure: -failure.occurrences)
    for failure in failures[:MAX_FAULTS]:
        yield f"{failure.occurrences} x {failure.name}: {failure.error}"
    if len(failures) > MAX_FAULTS:
        yield f"and {len(failures) - MAX_FAULTS} other errors; the report has them"
    for error in runner.exceptions.values():  # exceptions of the load test itself
        yield f"{error['count']} x {error['traceback']}"
    for kind, times in lost.items():
        yield f"{times} x lost: {kind}, not accepted in any attempt"
    for kind, events in groupby(sorted(missing), key=itemgetter(0)):
        bids = [bid_id for _, bid_id in events]
        yield f"{len(bids)} x lost: {kind}, accepted, but not on the topic in time; the first is of bid {bids[0]}"


def _unready(run_plan: Plan) -> str | None:
    """The reason for which the run can't start, or None."""
    if run_plan.web_port and is_taken(run_plan.web_port):
        return f"WEB={run_plan.web_port}: another program uses this port. Choose another port"
    if run_plan.report is not None and not run_plan.report.absolute().parent.is_dir():
        return f"REPORT={run_plan.report}: there is no folder {run_plan.report.parent}"
    opener = build_opener(
        ProxyHandler({}),  # a proxy does not lead to this machine
        HTTPSHandler(context=tls_context(run_plan.ca)),
    )
    try:
        opener.open(f"{run_plan.host}/health", timeout=5).close()
    except HTTPError as error:
        fault = f"GET /health answers {error.code}: {error.read(200).decode(errors='replace')}"
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return (
                f"the certificate of {run_plan.host} is not trusted: {reason.verify_message}. "
                "CA=FILE names a PEM file with it or its issuer"
            )
        fault = f"GET /health failed ({type(reason).__name__})"
    else:
        return None
    return f"no bidder at {run_plan.host}: {fault}. Start one with `make run` or `make container`."


def _watch(run_plan: Plan) -> EventWatch | None:
    """The watch on the topic of `make run`; None if the plan has none, or the local AWS does not answer."""
    if run_plan.settings is None:
        return None
    try:
        return local_watch(variables_of(run_plan.settings))
    except (BotoCoreError, ClientError, KeyError) as error:
        print(
            f"loadtest: the arrival of events is not checked: the local AWS of {run_plan.settings} failed: {error}",
            file=sys.stderr,
        )
        return None


def _run(run_plan: Plan, watch: EventWatch | None) -> Runner:
    """The runner with its statistics. SIGINT and SIGTERM end the run early."""
    environment = Environment(user_classes=[ExchangeUser], host=run_plan.host, events=locust.events)
    runner = environment.create_local_runner()
    if run_plan.web_port:
        page = environment.create_web_ui("127.0.0.1", run_plan.web_port)
        print(f"loadtest: locust's page at http://127.0.0.1:{run_plan.web_port}, until Ctrl-C", flush=True)
    beside = [gevent.spawn(_progress, runner, run_plan), gevent.spawn(stats_history, runner)]
    if watch:
        beside.append(gevent.spawn(_receive, watch))
    runner.start(run_plan.users, spawn_rate=run_plan.users)
    gevent.spawn_later(run_plan.duration, runner.stop if run_plan.web_port else runner.quit)
    for ending in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(ending, runner.quit)
    runner.greenlet.join()
    gevent.killall(beside)
    if run_plan.web_port:
        page.stop()  # type: ignore[no-untyped-call]
    return runner


def _receive(watch: EventWatch) -> None:
    """Empties the watch's queue while the load runs."""
    while True:
        watch.receive(seconds=1)


def _progress(runner: Runner, run_plan: Plan) -> None:
    """Prints a line every five seconds of a run."""
    while True:
        gevent.sleep(PROGRESS_SECONDS)
        if runner.state != STATE_RUNNING:
            continue
        bids = runner.stats.get(BID, "POST")
        p99 = bids.get_current_response_time_percentile(0.99) or 0
        seconds = time.time() - runner.stats.start_time
        print(
            f"loadtest: {seconds:.0f} of {run_plan.duration} s, {bids.num_requests} bid requests, "
            f"{bids.current_rps:.0f}/s, p99 {p99:.0f} ms, {runner.stats.num_failures} errors",
            file=sys.stderr,
            flush=True,
        )


def report(stats: RequestStats, answers: Mapping[str, int], busy: Mapping[str, int]) -> str:
    """The table of the last run: a row for bid requests, and a row for all notices.

    `busy` holds the 503s of each row, which count as errors.
    """
    seconds = max(1.0, (stats.last_request_timestamp or 0) - stats.start_time)
    bids, notice_stats = stats.get(BID, "POST"), StatsEntry(stats, NOTICES, "GET")
    for (name, _), entry in stats.entries.items():
        if name != BID:
            notice_stats.extend(entry)
    kinds = [str(answers.get(kind, 0)) for kind in ("bid", "no-bid", "400")]
    return table(
        HEADINGS,
        [
            ("POST /bid", *_figures(bids, seconds), *kinds, str(busy.get(BID, 0)), str(bids.num_failures)),
            (
                NOTICES,
                *_figures(notice_stats, seconds),
                "",
                "",
                "",
                str(busy.get(NOTICES, 0)),
                str(notice_stats.num_failures),
            ),
        ],
    )


def _figures(entry: StatsEntry, seconds: float) -> tuple[str, ...]:
    p50, p99 = (f"{entry.get_response_time_percentile(share):.0f}" for share in (0.5, 0.99))
    return str(entry.num_requests), f"{entry.num_requests / seconds:.1f}", p50, p99


if __name__ == "__main__":
    sys.exit(main())
