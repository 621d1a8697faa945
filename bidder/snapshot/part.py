"""A part of the index: one object, with the campaigns compiled at one time."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from bidder.campaigns.targeted_ranges import range_values
from bidder.snapshot.columns import Columns
from bidder.snapshot.container import Sections, checksum, unpack
from bidder.snapshot.records import Records
from bidder.snapshot.tier import Numbers, Tier

KIND = "index"


class Part:
    """An index object, read where it lies. `start` is the position of its first campaign in the whole index."""

    def __init__(self, sections: Sections, object_id: str, start: int) -> None:
        meta = json.loads(bytes(sections["meta"]))
        self.id = object_id
        self.start = start
        self.columns = Columns(sections)
        self.records = Records(sections)
        self.gone = frozenset(meta["gone"])
        """Campaigns of the parts before this one that are no more."""
        self._values = sections["values"]
        self._also: dict[str, list[str]] = meta["also"]
        self.lists: Mapping[str, Sequence[int]] = meta.get("lists", {})
        """The places here of the campaigns that name a list of ids, by its name."""
        self.above: Mapping[str, Sequence[str]] = meta.get("above", {})
        """Of categories, as `taxonomy/id`, those above them that campaigns name."""
        self.tiers = tuple(
            Tier(sections, f"t{number}", start + first, [(attribute, clause) for attribute, clause in meta["clauses"]])
            for number, first in enumerate(meta["starts"])
        )

    @classmethod
    def load(cls, data: bytes, start: int = 0) -> "Part":
        """The part that `compile_index` made. Raises BadSnapshot."""
        return cls(unpack(KIND, data), object_id(data), start)

    def __len__(self) -> int:
        return len(self.columns)

    def numbers(self, values: Mapping[str, Sequence[str]]) -> Numbers:
        """The numbers here of the values that any campaign names."""
        found: dict[str, Sequence[int]] = {}
        known = self._numbers
        for attribute, its in values.items():
            number_of = known.get(attribute)
            if number_of is None:
                continue
            if len(its) == 1:
                number = number_of.get(its[0])
                found[attribute] = () if number is None else (number,)
            else:
                found[attribute] = [number for number in map(number_of.get, its) if number is not None]
        return found

    @cached_property
    def named(self) -> Mapping[str, Iterable[str]]:
        """What its campaigns read off requests: attributes, and those of their values that `Known` asks for."""
        found = {attribute: set(values) for attribute, values in self._also.items()}
        for attribute, numbers in self._numbers.items():
            found.setdefault(attribute, set()).update(range_values(attribute, numbers))
        return found

    @cached_property
    def _numbers(self) -> dict[str, dict[str, int]]:
        values = json.loads(bytes(self._values))
        return {attribute: {value: number for number, value in enumerate(its)} for attribute, its in values.items()}


def object_id(data: bytes) -> str:
    """The name of an index object: the beginning of the checksum in its header."""
    return checksum(data)[:20]
