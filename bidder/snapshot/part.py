"""A part of the index: one index object, with the campaigns that one refresh compiled."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from bidder.campaigns.implied_predicates import LENGTH
from bidder.campaigns.targeted_ranges import range_values
from bidder.snapshot.columns import Columns
from bidder.snapshot.container import Sections, checksum, unpack
from bidder.snapshot.records import Records
from bidder.snapshot.tier import Numbers, Tier

KIND = "index"


class Part:
    """An index object, read without copying. `start` is the position of the first campaign in the whole index."""

    def __init__(self, sections: Sections, object_id: str, start: int) -> None:
        meta = json.loads(bytes(sections["meta"]))
        self.id = object_id
        self.start = start
        self.columns = Columns(sections)
        self.records = Records(sections)
        self.removed_ids = frozenset(meta["gone"])
        """The ids of campaigns of earlier parts that were deleted."""
        self._values = sections["values"]
        self._extra_values: dict[str, list[str]] = meta["also"]
        self.lists: Mapping[str, Sequence[int]] = meta.get("lists", {})
        """By the name of an id list, the positions in this part of the campaigns that target it."""
        self.households = frozenset(meta.get("households", ()))
        """The advertisers, by domain, of whose campaigns any has a frequency cap of the advertiser per household."""
        self.ancestors: Mapping[str, Sequence[str]] = meta.get("above", {})
        """By category, as `taxonomy/id`, the targeted categories above it."""
        # A rollback to a release without lengths reads this object. Such a release refuses a campaign with a clause
        # that its requests have no values for, so these clauses are stored separately.
        clauses = [(attribute, clause) for attribute, clause in (*meta["clauses"], *meta.get("added_clauses", ()))]
        self.tiers = tuple(
            Tier(sections, f"t{number}", start + first, clauses) for number, first in enumerate(meta["starts"])
        )

    @classmethod
    def load(cls, data: bytes, start: int = 0) -> "Part":
        """Reads an object of `compile_index`. Raises BadSnapshot."""
        return cls(unpack(KIND, data), object_id(data), start)

    def __len__(self) -> int:
        return len(self.columns)

    def numbers(self, values: Mapping[str, Sequence[str]]) -> Numbers:
        """The numbers of a request's values in this part, without values that no campaign targets."""
        numbers: dict[str, Sequence[int]] = {}
        numbers_by_attribute = self._numbers
        for attribute, request_values in values.items():
            number_by_value = numbers_by_attribute.get(attribute)
            if number_by_value is None:
                continue
            if len(request_values) == 1:
                number = number_by_value.get(request_values[0])
                numbers[attribute] = () if number is None else (number,)
            else:
                numbers[attribute] = [
                    number for number in map(number_by_value.get, request_values) if number is not None
                ]
        return numbers

    @cached_property
    def targeted_values(self) -> Mapping[str, Iterable[str]]:
        """The attributes that campaigns read off requests, with the values that `TargetedRanges` needs."""
        targeted_values = {attribute: set(values) for attribute, values in self._extra_values.items()}
        for attribute, numbers in self._numbers.items():
            targeted_values.setdefault(attribute, set()).update(range_values(attribute, numbers))
        return targeted_values

    @cached_property
    def domains(self) -> list[str]:
        """The domain of each campaign's advertiser, by position."""
        column_domains = self.columns.domains
        if column_domains is not None:
            return column_domains
        # an object of older code
        return [self.records.get(position).campaign.advertiser.domain for position in range(len(self))]

    @property
    def lengths(self) -> Iterable[int]:
        """The lengths of creatives, in seconds; none in an object of before lengths were compiled."""
        return map(int, self._numbers.get(LENGTH, ()))

    @cached_property
    def _numbers(self) -> dict[str, dict[str, int]]:
        values = json.loads(bytes(self._values))
        return {
            attribute: {value: number for number, value in enumerate(attribute_values)}
            for attribute, attribute_values in values.items()
        }


def object_id(data: bytes) -> str:
    """The id of an index object: the first 20 characters of the checksum in the header."""
    return checksum(data)[:20]
