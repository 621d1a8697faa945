"""A rule of the auction: its check, and the explanation of a rejection."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import Slot
from bidder.campaigns.campaign import Campaign
from bidder.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from bidder.auction.unmet_targeting import UnmetTargeting

Subject = TypeVar("Subject")


class Case(NamedTuple):
    """An impression and a campaign that a rule rejected, from which explain gets its values.

    `position` is the campaign's position in the index of the snapshot. `open_bid` computes the campaign's CPM outside
    deals in micros; None if the campaign bids in deals only. `unmet_targeting` is the targeting that the impression
    does not meet, of the campaign or of its closest creative. `short_accounts` are the accounts of the allowance that
    do not pay for the campaign's best offer.
    """

    context: AuctionContext
    slot: Slot
    campaign: Campaign
    snapshot: Snapshot
    position: int
    open_bid: Callable[[], int | None]
    unmet_targeting: "UnmetTargeting | None" = None
    short_accounts: Sequence[int] = ()


Values = Callable[[Case], Iterable[object]]


def _none(_: Case) -> Iterable[object]:
    return ()


class Rule(NamedTuple, Generic[Subject]):
    """A rule by its name, with its reason in words.

    `rejects` says whether a subject breaks the rule. `seen` are the compared values of the request, and `wanted` are
    the compared values of the campaign. `reason_of` returns the reason in words if the words depend on the case.
    """

    name: str
    reason: str
    rejects: Callable[[Subject], bool]
    seen: Values = _none
    wanted: Values = _none
    reason_of: Callable[[Case], str] | None = None


AnyRule = Rule[Any]


def first_broken_rule(rules: Sequence[Rule[Subject]], subject: Subject) -> Rule[Subject] | None:
    """The first of the rules that the subject breaks, or None."""
    for rule in rules:
        if rule.rejects(subject):
            return rule
    return None


class RejectionInWords(NamedTuple):
    """The reason of a rejection, and the seen and required values; empty texts if the rule compares no values."""

    reason: str
    seen: str
    wanted: str


def rejection_in_words(rule: AnyRule, case: Case) -> RejectionInWords:
    """The explanation of a rejection by a rule."""
    reason = rule.reason if rule.reason_of is None else rule.reason_of(case)
    return RejectionInWords(reason, _words(rule.seen(case)), _words(rule.wanted(case)))


def names_of(rules: Iterable[AnyRule]) -> tuple[str, ...]:
    """The names of rules, each once, in the order of the rules."""
    return tuple(dict.fromkeys(rule.name for rule in rules))


def _words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values if value is not None)
