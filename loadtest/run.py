"""`python -m loadtest.run`: a minute of load on the bidder on this machine, and a table of how it bore it.

DURATION (seconds), USERS and HOST, or PORT, change what is run; CONFIRM=yes allows a deployed bidder's HOST. REPORT
writes an HTML report, WEB=8089 serves locust's own page, CURVE=weekly follows a week's traffic, REPLAY sends the
requests of a file, CHECK_EVERY says how many answers with bids are held to the published schemas. Exits with 1 where
anything was answered wrongly, answered 5xx, or an event was lost.
"""

import os
import sys
import time
from collections.abc import Iterable, Mapping

# locust patches sockets for gevent, so it comes before whatever opens one
from locust.env import Environment  # isort: skip
import gevent
import requests
from locust.html import get_html_report
from locust.runners import Runner
from locust.stats import StatsEntry, stats_history

from bidder.cli.table import table
from loadtest.locustfile import BID, NOTICES, ExchangeUser, lost, outcomes, unavailable
from loadtest.plan import BadPlan, Plan, plan

PROGRESS_SECONDS = 5
HEADINGS = ("", "requests", "rate /s", "p50 ms", "p99 ms", "bids", "no-bids", "400s", "503s", "errors")
UNAVAILABLE = {
    BID: "503 of POST /bid: too many requests at once, so no bid.",
    NOTICES: "503 of a notice: neither SNS nor SQS took the event in time. The sender has to call again after\n"
    "  Retry-After; what was answered 204 is not lost. `make run` has one local AWS process for all services and\n"
    "  functions, which is slow under load, as AWS is not.",
}
"""The meaning of a 503 by the row of the table."""


def main() -> int:
    """Runs the plan of the environment. Returns the exit status."""
    try:
        run_plan = plan(os.environ)
    except BadPlan as error:
        print(f"loadtest: {error}", file=sys.stderr)
        return 2
    if (unwell := _unwell(run_plan.host)) is not None:
        print(f"loadtest: no bidder at {run_plan.host}: {unwell}. Start one with `make run`.", file=sys.stderr)
        return 2
    print(f"loadtest: {run_plan.users} users for {run_plan.duration} s against {run_plan.host}", flush=True)
    runner, seconds = _run(run_plan)
    stats = runner.stats
    notices = [entry for (name, _), entry in stats.entries.items() if name != BID]
    print(report(stats.get(BID, "POST"), notices, outcomes, unavailable, seconds))
    for row, meaning in UNAVAILABLE.items():
        if unavailable[row]:
            print(f"  {meaning}")
    for failure in stats.errors.values():
        print(f"  {failure.occurrences} x {failure.name}: {failure.error}")
    for broken in runner.exceptions.values():  # the load test's own
        print(f"  {broken['count']} x {broken['traceback']}")
    for kind, times in lost.items():
        print(f"  {times} x lost: {kind}, not taken in any try")
    if run_plan.report:
        run_plan.report.write_text(get_html_report(runner.environment, show_download_link=False))  # type: ignore[no-untyped-call]
        print(f"  report: {run_plan.report}")
    return 1 if stats.errors or runner.exceptions or lost or not outcomes else 0


def _unwell(host: str) -> str | None:
    """Why the bidder can't be put under load, or None."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy doesn't lead to this machine
            answer = session.get(f"{host}/health", timeout=5)
    except requests.RequestException as error:
        return f"GET /health failed ({type(error).__name__})"
    return None if answer.status_code == 200 else f"GET /health answers {answer.status_code}: {answer.text[:200]}"


def _run(run_plan: Plan) -> tuple[Runner, float]:
    """The runner with what it measured, and for how many seconds it ran: Ctrl-C ends it early."""
    environment = Environment(user_classes=[ExchangeUser], host=run_plan.host)
    runner = environment.create_local_runner()
    started = time.monotonic()
    if run_plan.web_port:
        page = environment.create_web_ui("127.0.0.1", run_plan.web_port)
        print(f"loadtest: locust's page at http://127.0.0.1:{run_plan.web_port}, until Ctrl-C", flush=True)
    gevent.spawn(_progress, runner, run_plan, started)
    gevent.spawn(stats_history, runner)
    runner.start(run_plan.users, spawn_rate=run_plan.users)
    gevent.spawn_later(run_plan.duration, runner.stop if run_plan.web_port else runner.quit)
    try:
        runner.greenlet.join()
    except KeyboardInterrupt:
        runner.quit()
    if run_plan.web_port:
        page.stop()  # type: ignore[no-untyped-call]
    return runner, time.monotonic() - started


def _progress(runner: Runner, run_plan: Plan, started: float) -> None:
    """Prints a line every five seconds."""
    while True:
        gevent.sleep(PROGRESS_SECONDS)
        bids = runner.stats.get(BID, "POST")
        seconds = min(run_plan.duration, time.monotonic() - started)
        p99 = bids.get_current_response_time_percentile(0.99) or 0
        print(
            f"loadtest: {seconds:.0f} of {run_plan.duration} s, {bids.num_requests} bid requests, "
            f"{bids.current_rps:.0f}/s, p99 {p99:.0f} ms, {runner.stats.num_failures} errors",
            file=sys.stderr,
            flush=True,
        )


def report(
    bids: StatsEntry, notices: Iterable[StatsEntry], answers: Mapping[str, int], busy: Mapping[str, int], seconds: float
) -> str:
    """The table: a row for bid requests, one for all notices. `busy` has the 503s of each row; they count as errors."""
    together = StatsEntry(bids.stats, NOTICES, "GET")
    for entry in notices:
        together.extend(entry)
    kinds = [str(answers.get(kind, 0)) for kind in ("bid", "no-bid", "400")]
    return table(
        HEADINGS,
        [
            ("POST /bid", *_figures(bids, seconds), *kinds, str(busy.get(BID, 0)), str(bids.num_failures)),
            (NOTICES, *_figures(together, seconds), "", "", "", str(busy.get(NOTICES, 0)), str(together.num_failures)),
        ],
    )


def _figures(entry: StatsEntry, seconds: float) -> tuple[str, ...]:
    p50, p99 = (f"{entry.get_response_time_percentile(share):.0f}" for share in (0.5, 0.99))
    return str(entry.num_requests), f"{entry.num_requests / seconds:.1f}", p50, p99


if __name__ == "__main__":
    sys.exit(main())
