"""Unmet targeting: the first attribute whose predicate a request does not meet, with the reason in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from bidder.auction.attributes import IMPRESSION_ATTRIBUTES
from bidder.campaigns.dnf import Conjunction, matches
from bidder.campaigns.implied_predicates import MIME, SALE
from bidder.campaigns.targeting import Attribute

_MAX_NAMED = 10

_TARGETED: tuple[str, ...] = get_args(Attribute)
ATTRIBUTES: tuple[str, ...] = (
    *(name for name in _TARGETED if name not in IMPRESSION_ATTRIBUTES),
    *(name for name in _TARGETED if name in IMPRESSION_ATTRIBUTES),
    MIME,
    SALE,
)
"""The attributes that the index tests: of the request, of the impression, and of implied predicates."""

_SUBJECTS = {MIME: "the player's media type", SALE: "the sale"}


class UnmetTargeting(NamedTuple):
    """An unmet attribute, with the values seen and wanted, and the reason in words.

    `rank` is the position of the attribute in `ATTRIBUTES`, or -1 where no request can meet the targeting.
    """

    rank: int
    seen: str
    wanted: str
    reason: str

    @property
    def attribute(self) -> str | None:
        """The name of the attribute, or None if no request can meet the targeting."""
        return ATTRIBUTES[self.rank] if self.rank >= 0 else None


UNMEETABLE = UnmetTargeting(-1, "", "", "its targeting can never be met")


def unmet_targeting(conjunctions: Iterable[Conjunction], values: Mapping[str, Sequence[str]]) -> UnmetTargeting | None:
    """The first unmet predicate of the conjunction with the most met predicates, or None if any conjunction matches.

    Returns `UNMEETABLE` if there are no conjunctions.
    """
    closest_rank = -1
    closest_conjunction: Conjunction = {}
    for conjunction in conjunctions:
        unmet_ranks = (
            rank
            for rank, name in enumerate(ATTRIBUTES)
            if name in conjunction and not matches({name: conjunction[name]}, values)
        )
        rank = next(unmet_ranks, None)
        if rank is None:
            return None
        if rank > closest_rank:
            closest_rank, closest_conjunction = rank, conjunction
    return _in_words(closest_rank, closest_conjunction, values) if closest_conjunction else UNMEETABLE


def _in_words(rank: int, conjunction: Conjunction, values: Mapping[str, Sequence[str]]) -> UnmetTargeting:
    name = ATTRIBUTES[rank]
    predicate, seen = conjunction[name], values.get(name, ())
    accepted_values = next((values for values in predicate.any_of if values.isdisjoint(seen)), None)
    statement = f"{_SUBJECTS.get(name, name)} is {describe_values(seen) or 'nothing'}"
    if accepted_values is not None:
        return UnmetTargeting(
            rank,
            describe_values(seen),
            describe_values(accepted_values),
            f"{statement}; it takes {describe_values(accepted_values)}",
        )
    excluded_values = describe_values(predicate.none_of.intersection(seen))
    return UnmetTargeting(
        rank, describe_values(seen), f"none of {excluded_values}", f"{statement}; it excludes {excluded_values}"
    )


def describe_values(values: Iterable[object]) -> str:
    """The values as words, the first few of many."""
    names = sorted(str(value) or "the open market" for value in values)
    suffix = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + suffix
