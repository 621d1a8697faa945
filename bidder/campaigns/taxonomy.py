"""Category taxonomies: trees of categories, read from the files that IAB Tech Lab publishes."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bidder.errors import UserError
from bidder.faults import faults
from bidder.files.text import InvalidFile, text_of

_ID = "unique id"
_PARENT = ("parent", "parent id")

Id = Annotated[str, Field(min_length=1, max_length=64)]


class InvalidTaxonomy(UserError, ValueError):
    """The file is not a taxonomy; the message says why."""


class Taxonomy(BaseModel):
    """A taxonomy: the parent of each category, by id. A category at the top has the parent None."""

    model_config = ConfigDict(frozen=True)

    parents: Annotated[dict[Id, Id | None], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_a_forest(self) -> Self:
        for category, parent in self.parents.items():
            if parent is not None and parent not in self.parents:
                msg = f"the parent of {category}, {parent}, is not a category of the file"
                raise ValueError(msg)
            visited = {category}
            while parent is not None:
                if parent in visited:
                    msg = f"{category} is above itself"
                    raise ValueError(msg)
                visited.add(parent)
                parent = self.parents[parent]
        return self

    def above(self, category: str) -> tuple[str, ...]:
        """The ancestors of a category, the nearest first; empty for an unknown category."""
        return tuple(self._climb(self._ids.get(category.lower(), "")))

    def below(self, category: str) -> Sequence[str]:
        """The descendants of a category, sorted by id; empty for an unknown category."""
        return self._below.get(category.lower(), ())

    def __contains__(self, category: str) -> bool:
        """Whether the taxonomy has the category, in upper or lower case."""
        return category.lower() in self._ids

    def _climb(self, category: str) -> Iterator[str]:
        parent = self.parents.get(category)
        while parent is not None:
            yield parent
            parent = self.parents[parent]

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        return {category.lower(): category for category in self.parents}

    @cached_property
    def _below(self) -> Mapping[str, Sequence[str]]:
        descendants: defaultdict[str, list[str]] = defaultdict(list)
        for category in sorted(self.parents):
            for parent in self._climb(category):
                descendants[parent.lower()].append(category)
        return descendants


def read_taxonomy(data: bytes) -> Taxonomy:
    """The taxonomy of a file of IAB Tech Lab: tab-separated, with a header row of `Unique ID` and `Parent`.

    Rows above the header and rows without an id are ignored. A category that is its own parent is at the top. If an id
    is repeated, its first row counts. Raises InvalidTaxonomy.
    """
    text = _text(data)
    rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    names: list[str] = []
    while _ID not in names:
        row = next(rows, None)
        if row is None:
            msg = "no row has the name Unique ID: take a file of github.com/InteractiveAdvertisingBureau/Taxonomies"
            raise InvalidTaxonomy(msg)
        names = [cell.strip("\ufeff ").lower() for cell in row]
    column, parent_column = names.index(_ID), next((names.index(name) for name in _PARENT if name in names), None)
    if parent_column is None:
        msg = "no column is named Parent: the file must name the parent of each category"
        raise InvalidTaxonomy(msg)
    parents: dict[str, str | None] = {}
    for row in rows:
        cells = [cell.strip() for cell in row] + [""] * len(names)
        category, parent = cells[column], cells[parent_column]
        if category:
            parents.setdefault(category, None if parent in {"", category} else parent)
    try:
        return Taxonomy(parents=parents)
    except ValidationError as error:
        raise InvalidTaxonomy("; ".join(faults(error, "the file"))) from None


def _text(data: bytes) -> str:
    """The text of a file. In an encoding other than UTF-8 only the ids are right, since they are ASCII."""
    try:
        return text_of(data, "file")
    except InvalidFile:
        return data.decode("latin-1")
