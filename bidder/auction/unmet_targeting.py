"""What a request lacks of targeting: the first attribute that fails, in the words of whoever asks why."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, get_args

from bidder.auction.attributes import IMPRESSION_ATTRIBUTES
from bidder.campaigns.dnf import Conjunction, matches
from bidder.campaigns.implied_predicates import MIME, SALE
from bidder.campaigns.targeting import Attribute

_MOST_NAMED = 10

_TARGETED: tuple[str, ...] = get_args(Attribute)
ATTRIBUTES: tuple[str, ...] = (
    *(name for name in _TARGETED if name not in IMPRESSION_ATTRIBUTES),
    *(name for name in _TARGETED if name in IMPRESSION_ATTRIBUTES),
    MIME,
    SALE,
)
"""What the index tests: the whole request's first, then each impression's, then what campaigns demand unsaid."""

_SAID = {MIME: "the player's media type", SALE: "the sale"}


class UnmetTargeting(NamedTuple):
    """The attribute, by its place in `ATTRIBUTES`, what was seen of it and what was wanted, and both as a reason.

    The place is -1 where no attribute is at fault: nothing that a request can show would do.
    """

    place: int
    seen: str
    wanted: str
    reason: str

    @property
    def attribute(self) -> str | None:
        """Its name."""
        return ATTRIBUTES[self.place] if self.place >= 0 else None


UNMEETABLE = UnmetTargeting(-1, "", "", "its targeting can never be met")


def unmet_targeting(conjunctions: Iterable[Conjunction], values: Mapping[str, Sequence[str]]) -> UnmetTargeting | None:
    """The first unmet predicate of the conjunction with the most met predicates, or None if any conjunction matches.

    Without conjunctions it is `UNMEETABLE`.
    """
    furthest = -1
    its: Conjunction = {}
    for conjunction in conjunctions:
        failed = (
            n
            for n, name in enumerate(ATTRIBUTES)
            if name in conjunction and not matches({name: conjunction[name]}, values)
        )
        place = next(failed, None)
        if place is None:
            return None
        if place > furthest:
            furthest, its = place, conjunction
    return _in_words(furthest, its, values) if its else UNMEETABLE


def _in_words(place: int, conjunction: Conjunction, values: Mapping[str, Sequence[str]]) -> UnmetTargeting:
    name = ATTRIBUTES[place]
    predicate, seen = conjunction[name], values.get(name, ())
    wanted = next((its for its in predicate.any_of if its.isdisjoint(seen)), None)
    stating = f"{_SAID.get(name, name)} is {named(seen) or 'nothing'}"
    if wanted is not None:
        return UnmetTargeting(place, named(seen), named(wanted), f"{stating}; it takes {named(wanted)}")
    refused = named(predicate.none_of.intersection(seen))
    return UnmetTargeting(place, named(seen), f"none of {refused}", f"{stating}; it excludes {refused}")


def named(values: Iterable[object]) -> str:
    """The values as words, the first few of many."""
    its = sorted(str(value) or "the open market" for value in values)
    more = f" and {len(its) - _MOST_NAMED} more" if len(its) > _MOST_NAMED else ""
    return ", ".join(its[:_MOST_NAMED]) + more
