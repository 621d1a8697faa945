"""`make smoke URL=…`: checks a running bidder of any version. The exit status is 1 if a check fails."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from tests.smoke.checks import CHECKS, Check, bid_made
from tests.smoke.target import Target, Unreachable


def run(target: Target, checks: Iterable[Check], say: Callable[[str], None]) -> int:
    """Runs the checks and prints a line for each check and fault. Returns the number of faults. Raises Unreachable."""
    faults = 0
    for check in checks:
        results = _results(check, target)
        name = check.__name__.replace("_", " ")
        say(f"{'FAILED' if results else 'ok':7} {name}: {(check.__doc__ or '').strip()}")
        for fault in results:
            say(f"        {fault}")
        faults += len(results)
    return faults


def _results(check: Check, target: Target) -> list[str]:
    try:
        return list(check(target))
    except Unreachable:
        raise
    except Exception as error:  # an exception within a check is a fault of the answer
        return [f"the answer has an unknown form: {type(error).__name__}: {error}"]


def wait_until_healthy(target: Target, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
    """Waits while GET /health answers 503: a new stack has no snapshot for a minute. Raises Unreachable."""
    deadline = now() + seconds
    while target.ask("GET", "/health").status == 503 and now() < deadline:
        time.sleep(1)


def main(arguments: list[str] | None = None) -> int:
    """Runs the suite. Returns the exit status: 0 if all checks pass, 1 if a check fails, 2 for invalid arguments."""
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("url", help="the bidder's base URL, such as http://127.0.0.1:8000")
    parser.add_argument("--wait", type=float, default=90, metavar="SECONDS", help="how long a 503 of /health may last")
    parser.add_argument(
        "--no-bids", choices=["allowed", "refused"], default="refused", help="for a stack without campaigns"
    )
    inputs = parser.parse_args(arguments)
    if urlsplit(inputs.url).scheme not in {"http", "https"}:
        parser.error(f"{inputs.url}: a URL begins with http:// or https://")
    target = Target(inputs.url)
    checks = [check for check in CHECKS if check is not bid_made or inputs.no_bids == "refused"]
    try:
        wait_until_healthy(target, inputs.wait)
        faults = run(target, checks, lambda line: print(line, flush=True))
    except Unreachable as error:
        print(f"No answer from {inputs.url}: {error}", file=sys.stderr)
        return 1
    print(
        f"{target.base}: {len(checks)} checks, {faults} faults"
        if faults
        else f"{target.base}: {len(checks)} checks passed"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
