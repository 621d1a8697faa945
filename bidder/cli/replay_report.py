"""The report of a replay: bids and spend of each campaign, and the differences of the second snapshot."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from bidder.auction.replay import Replay, ReplayTally, total
from bidder.auction.rule_table import RULE_NAMES
from bidder.money import MICROS


class Read(NamedTuple):
    """The number of requests of a file, and of those that `/bid` answers with 400. `first_invalid` describes one."""

    requests: int
    invalid: int
    first_invalid: str = ""


def as_rows(replays: Sequence[Replay]) -> tuple[list[str], list[list[str]]]:
    """The report's head and rows, by campaign id, the sum last; amounts in whole units of the account currency."""
    head = ["campaign"]
    for name in ("A", "B")[: len(replays)]:
        head += [f"bids {name}", f"spend {name}", f"CPM {name}"]
    if len(replays) > 1:
        head += ["bids B-A", "spend B-A", "CPM B-A"]
    rows = [[name, *_cells(tallies)] for name, tallies in by_campaign(replays)]
    return head, [*rows, ["in all", *_cells([total(replay.tallies.values()) for replay in replays])]]


def as_json(read: Read, replays: Sequence[Replay]) -> dict[str, object]:
    """The report as JSON, amounts in micros; `change` is B less A."""
    return {
        "requests": read.requests,
        "invalid": read.invalid,
        "snapshots": [replay.snapshot.version for replay in replays],
        "campaigns": [{"campaign": name, **_document(tallies)} for name, tallies in by_campaign(replays)],
        "in_all": _document([total(replay.tallies.values()) for replay in replays]),
        "refused": [{"rule": name, **dict(zip("AB", counts, strict=False))} for name, counts in by_rule(replays)],
    }


def refusals_as_rows(replays: Sequence[Replay]) -> tuple[list[str], list[list[str]]]:
    """The head and rows of how often each rule rejected a campaign that a decision looked at."""
    head = ["rule", *(f"refused {name}" for name in "AB"[: len(replays)]), *(["refused B-A"] * (len(replays) - 1))]
    rows = []
    for name, counts in by_rule(replays):
        changes = [f"{counts[1] - counts[0]:+d}"] if len(counts) > 1 else []
        rows.append([name, *map(str, counts), *changes])
    return head, rows


def by_rule(replays: Sequence[Replay]) -> Iterator[tuple[str, list[int]]]:
    """The rejections of each replay by each rule that any of them met, in the order of the table."""
    counted = [Counter[str]() for _ in replays]
    for counts, replay in zip(counted, replays, strict=True):
        for (_, rule), count in replay.rejections.items():
            counts[rule] += count
    for name in RULE_NAMES:
        if any(counts[name] for counts in counted):
            yield name, [counts[name] for counts in counted]


def by_campaign(replays: Sequence[Replay]) -> Iterator[tuple[str, list[ReplayTally]]]:
    """Each campaign that bids in any of the replays, with its tally in each."""
    for name in sorted({name for replay in replays for name in replay.tallies}):
        yield name, [replay.tallies.get(name, ReplayTally()) for replay in replays]


def _cells(tallies: Sequence[ReplayTally]) -> list[str]:
    cells: list[str] = []
    for tally in tallies:
        cells += [str(tally.bids), _amount(tally.spend_micros), _amount(tally.average_cpm_micros)]
    if len(tallies) > 1:
        bids, spend, cpm = _change(*tallies)
        cells += [f"{bids:+d}", _amount(spend, sign="+"), _amount(cpm, sign="+")]
    return cells


def _document(tallies: Sequence[ReplayTally]) -> dict[str, object]:
    document: dict[str, object] = {
        name: {"bids": t.bids, "spend_micros": t.spend_micros, "average_cpm_micros": t.average_cpm_micros}
        for name, t in zip("AB", tallies, strict=False)
    }
    if len(tallies) > 1:
        document["change"] = dict(zip(("bids", "spend_micros", "average_cpm_micros"), _change(*tallies), strict=True))
    return document


def _change(a: ReplayTally, b: ReplayTally) -> tuple[int, int, int | None]:
    before, after = a.average_cpm_micros, b.average_cpm_micros
    cpm = None if before is None or after is None else after - before
    return b.bids - a.bids, b.spend_micros - a.spend_micros, cpm


def _amount(micros: int | None, sign: str = "") -> str:
    return "" if micros is None else f"{Decimal(micros) / MICROS:{sign}.6f}"
