"""`make soak`: sends events through failing AWS calls and dying handlers for some minutes, and prints the seeds.

`python -m tests.soak.run --minutes M [--seed S] [--events N] [--campaigns C] [--aws]`
"""

import argparse
import logging
import time
from contextlib import nullcontext
from datetime import timedelta
from random import Random

from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.verify import sales_by_bid, verify
from tests.soak.chain import Chain
from tests.support.campaigns import NOW
from tests.support.events import event

KINDS = (Kind.IMPRESSION, Kind.IMPRESSION, Kind.BILL, Kind.WIN, Kind.COMPLETE)


FARM = "c-farm"
"""The campaign of a bot farm: one viewer with many impressions in one minute, at one price."""


def events(rng: Random, count: int, campaigns: int) -> list[Event]:
    """Events of random bids. All events of a bid have one campaign, one price and one kind that bills it.

    Some events are invalid or tests, some come from many addresses, and some belong to a bot farm (`FARM`).
    """
    result = []
    for _ in range(count):
        number = rng.randrange(max(1, count * 2 // 3))
        about = Random(number)  # noqa: S311 - what all events of a bid share
        address = rng.choice([None, *"abcdefghij"])
        if about.random() < 0.3:
            result.append(event(number, campaign_id=FARM, user="farm", address=address, billed_by="impression"))
            continue
        result.append(
            event(
                number,
                rng.choice(KINDS),
                campaign_id=f"c{about.randrange(campaigns)}",
                price_micros=about.randrange(30_000_000),
                test=about.random() < 0.05,
                invalid=rng.choice([None] * 9 + ["crawler"]),
                at=NOW + timedelta(seconds=rng.randrange(3_000)),
                deal_id=about.choice([None, "d1"]),
                billed_by=about.choice([None, "impression", "impression", "bill"]),
                address=address,
            )
        )
    return result


def expected_spend(events: list[Event]) -> dict[str, tuple[int, int]]:
    """Micros and impressions by campaign, from the definition: each bid with a billable event, once.

    The first 20 impressions of the farm in a minute are billable.
    """
    kinds = {None: ("impression", "bill"), "impression": ("impression",), "bill": ("bill",)}
    billed = {
        e.bid_id: (e.campaign_id, round(e.price_micros / 1000))
        for e in events
        if e.kind in kinds[e.billed_by] and not e.test and not e.invalid
    }
    farmed = [bid_id for bid_id, (campaign_id, _) in billed.items() if FARM in campaign_id]
    for bid_id in farmed[20:]:
        del billed[bid_id]
    totals: dict[str, tuple[int, int]] = {}
    for campaign_id, cost in billed.values():
        micros, number = totals.get(campaign_id, (0, 0))
        totals[campaign_id] = (micros + cost, number + 1)
    return totals


def soak(chain: Chain, events: list[Event]) -> None:
    """Sends events through a failing chain, settles it, and compares spend with `expected_spend` to the micro."""
    for entry in events:
        chain.notify(entry)
        while chain.rng.random() < 0.1:
            chain.work()
    chain.settle()
    check(chain, events)


def check(chain: Chain, events: list[Event]) -> None:
    """Asserts that the counters and the archive both equal `expected_spend`."""
    process, expected = chain.process(), expected_spend(events)
    names = sorted({item.campaign_id for item in events})
    spends = process.ledger.spends(dict.fromkeys(names, NOW))
    days = {name: process.ledger.day(name, NOW.date()) for name in names}
    for name in names:
        micros, number = expected.get(name, (0, 0))
        ledger_sums = (spends[name].total_micros, spends[name].today_micros) if name in spends else (0, 0)
        assert ledger_sums == (micros, micros), f"{name}: counted {ledger_sums}, owed {micros}"
        assert days[name].get("impressions", 0) == number, name
    bids = sales_by_bid(
        event_item for event_item in process.archive.events(NOW.date()) if event_item.campaign_id in days
    )
    verified = verify(bids, process.ledger.markers(bids), days, NOW.date())
    for name, entry in verified.items():
        assert entry.is_equal, (name, [reason for reason in entry.reasons if "found invalid" not in reason])


def in_memory(seed: int, count: int, campaigns: int, harm: float = 0.2) -> None:
    """Runs a soak with AWS in memory. The same seed repeats the same soak."""
    rng = Random(seed)  # noqa: S311 - a repeatable draw, not a secret
    soak(Chain(rng, harm), events(rng, count, campaigns))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=None, help="this one alone, to repeat a failure")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--campaigns", type=int, default=50)
    parser.add_argument("--aws", action="store_true", help="against a local AWS of its own, whose calls fail")
    arguments = parser.parse_args()
    logging.disable()  # its log has a line for every injected fault
    until, seed, rounds = time.monotonic() + arguments.minutes * 60, arguments.seed or time.time_ns() % 10**9, 0
    from tests.soak.cloud import in_local_aws  # imports the tools of the local AWS

    with in_local_aws() if arguments.aws else nullcontext(in_memory) as first:
        while rounds == 0 or (arguments.seed is None and time.monotonic() < until):
            print(f"seed {seed}: {arguments.events} events over {arguments.campaigns} campaigns", end=" … ", flush=True)
            first(seed, arguments.events, arguments.campaigns)
            print("spend is exact")
            seed, rounds = seed + 1, rounds + 1


if __name__ == "__main__":
    main()
