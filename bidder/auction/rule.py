"""A rule of the auction: the check, and what explain says of a rejection by it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import Slot
from bidder.campaigns.campaign import Campaign

Subject = TypeVar("Subject")


class Case(NamedTuple):
    """An impression and a campaign that a rule rejected, for the values that explain tells.

    `open_bid` computes the campaign's CPM outside deals in micros; None where the campaign bids in deals only.
    """

    context: AuctionContext
    slot: Slot
    campaign: Campaign
    open_bid: Callable[[], int | None]


Values = Callable[[Case], Iterable[object]]


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Generic[Subject]):
    """A rule by its name, with its reason in words.

    `rejects` says whether a subject breaks the rule. `seen` are the values of the request that the rule compares, and
    `wanted` those of the campaign.
    """

    name: str
    reason: str
    rejects: Callable[[Subject], bool]
    seen: Values
    wanted: Values


AnyRule = Rule[Any]


def first_broken(rules: Sequence[Rule[Subject]], subject: Subject) -> Rule[Subject] | None:
    """The first of the rules that the subject breaks, or None."""
    for rule in rules:
        if rule.rejects(subject):
            return rule
    return None


def seen_and_wanted(rule: AnyRule, case: Case) -> tuple[str, str]:
    """The values that a rule saw and wanted, in words; empty where the rule compares none."""
    return _words(rule.seen(case)), _words(rule.wanted(case))


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values if value is not None)
