"""A turn of `loadtest.bench.compare`. Its text runs in the checkout of any revision, with the modules of that revision.

`WORKLOAD` alone prints the parameters of that revision's snapshots. `WORKLOAD VARIANTS` measures, and prints the
microseconds of each call.
"""

import gc
import inspect
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import bidder.campaigns.campaign
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest
from loadtest.bench import decision, measure

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 4


def main(workload: Path, variants: str | None = None) -> None:
    """Prints JSON in the last line; the bidder's log comes before it. Ends with a message if it cannot measure."""
    for module in (bidder.campaigns.campaign, decision):
        if not Path(str(module.__file__)).is_relative_to(Path.cwd()):
            sys.exit(f"it has no {module.__name__}")
    names = ((decision, "campaigns"), (decision, "snapshot"), (decision, "decision"), (measure, "interleaved"))
    missing = [f"{module.__name__}.{name}" for module, name in names if not hasattr(module, name)]
    if missing:
        sys.exit(f"it has no {', '.join(missing)}")
    if variants is None:
        print(json.dumps(list(inspect.signature(decision.snapshot).parameters)))
    else:
        print(json.dumps(_measured(json.loads(workload.read_text(encoding="utf-8")), json.loads(variants))))


def _measured(workload: dict[str, Any], variants: list[tuple[str, int, dict[str, Any]]]) -> dict[str, list[float]]:
    """The microseconds of parsing, and of each variant: its name, its number of campaigns and its options."""

    def draw_campaigns(_rng: Random, count: int) -> list[Campaign]:
        return [Campaign.model_validate(document) for document in workload["campaigns"][:count]]

    decision.campaigns = draw_campaigns  # type: ignore[assignment]  # in place of the revision's own
    now = datetime.now(UTC)
    calls: dict[str, Callable[[bytes], object]] = {"parse": BidRequest.model_validate_json}
    for name, count, options in variants:
        calls[f"{name} {count}"] = decision.decision(decision.snapshot(count, now, **options), now)
    requests = [text.encode() for text in workload["requests"]]
    measure.interleaved(calls, requests, rounds=1)  # decodes what a warm process has decoded
    # else collecting the garbage of 12 campaigns walks the 10,000 beside them
    gc.collect()
    gc.freeze()
    return measure.interleaved(calls, requests, ROUNDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
