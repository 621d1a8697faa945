"""Audience segments with their names, sizes and costs, for operators who target them. Bids do not read them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bidder.campaigns.named_words import named_words
from bidder.campaigns.targeting import Word
from bidder.files.mistakes import Mistake, in_words, line, mistakes
from bidder.files.text import InvalidFile
from bidder.files.tree import position_of
from bidder.files.yaml_tree import read_yaml
from bidder.money import Micros, Priced


class InvalidSegmentFile(InvalidFile):
    """The file can't be imported; the message has a line for each mistake."""


class SegmentInfo(Priced):
    """A segment of a data provider. `size` is its number of people; `cost_micros` is its cost as a CPM in micros."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Word
    provider: Word
    name: Annotated[str, Field(min_length=1, max_length=200)]
    size: Annotated[int, Field(ge=0)] | None = None
    cost_micros: Micros | None = None

    @property
    def word(self) -> str:
        """The segment as targeting names it: `provider/id`."""
        return f"{self.provider}/{self.id}"


def read_segments(text: str, name: str = "file") -> list[SegmentInfo]:
    """The segments of a YAML file, `segments:` and a list. Raises InvalidSegmentFile, naming each wrong field."""
    try:
        root = read_yaml(text, name)
    except InvalidFile as error:
        raise InvalidSegmentFile(str(error)) from None
    document = root.plain()
    try:
        segments = _File.model_validate(document).segments
    except ValidationError as error:
        mistakes_of_file = mistakes(error, _File, document)
        wrong = [line(position_of(root, mistake.path), mistake, document, name, "") for mistake in mistakes_of_file]
        raise InvalidSegmentFile("\n".join(wrong)) from None
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, segment in enumerate(segments):
        numbers[segment.word].append(number)
    repeated = [(positions[1], word) for word, positions in numbers.items() if len(positions) > 1]
    if repeated:
        message = "is in the file more than once"
        wrong = [
            line(position_of(root, ("segments", number)), Mistake(("segments", number), message), document, name, word)
            for number, word in repeated
        ]
        raise InvalidSegmentFile("\n".join(wrong))
    return segments


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    segments: list[SegmentInfo]


def unknown(document: Mapping[str, object], known: Collection[str]) -> Iterator[str]:
    """A line for each field of a campaign's document that names a segment which is none of the `known` words.

    A segment may be written without its provider.
    """
    words = {*known, *(word.partition("/")[2] for word in known)}
    for named_word in named_words(document):
        if named_word.attribute == "segment" and named_word.word not in words:
            path = in_words(named_word.path, document)
            yield f"{path}: no segment {named_word.word} is known; `bidder segments list` shows them"
