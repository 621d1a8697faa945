"""Converts pydantic's errors to messages about the user's file: position, key, value and the nearest right spelling."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from bidder.faults import Path, WrongParts
from bidder.files.tree import Position

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MICROS = "_micros"
_OF_A_KEY = "[key]"
"""The element that pydantic appends to the path of an invalid key."""
_LONGEST_VALUE = 60
_MAX_LISTED = 40


class Mistake(NamedTuple):
    """A mistake in a file. `path` holds the file's own keys and indices that lead to the wrong value."""

    path: Path
    message: str


class Vocabulary(NamedTuple):
    """The words that messages need beside a model's own names."""

    patterns: Mapping[str, str] = {}
    """The noun of a text by the regular expression that it must match, such as "an id"."""
    filled_in: frozenset[str] = frozenset()
    """The fields that a program fills in. No message suggests them to a user."""
    inside: Mapping[type[BaseModel], type[BaseModel]] = {}
    """The model of a root model's content, by the root model."""


NO_WORDS = Vocabulary()


def mistakes(
    error: ValidationError,
    model: type[BaseModel],
    document: object,
    vocabulary: Vocabulary = NO_WORDS,
    base: Path = (),
) -> list[Mistake]:
    """The mistakes that a validation of the document found, at most one for each path of the file.

    `base` is the path from the document to the value that was validated.
    """
    mistakes_by_path: dict[Path, Mistake] = {}
    for details in error.errors(include_url=False):
        if details["type"] == "too_short" and details["input"]:  # the list has items, and each has its own mistake
            continue
        loc = (*base, *details["loc"])
        cause = details.get("ctx", {}).get("error")
        for inner, problem in cause.parts if isinstance(cause, WrongParts) else ():
            if isinstance(problem, ValidationError):
                for mistake in mistakes(problem, model, document, vocabulary, (*loc, *inner)):
                    mistakes_by_path.setdefault(mistake.path, mistake)
            else:
                path = as_written((*loc, *inner), document)
                mistakes_by_path.setdefault(path, Mistake(path, problem))
        if not isinstance(cause, WrongParts):
            path = as_written(loc, document)
            mistakes_by_path.setdefault(path, Mistake(path, _message(details, loc, path, model, vocabulary)))
    return list(mistakes_by_path.values())


def line(position: Position, mistake: Mistake, document: object, file: str, subject: str) -> str:
    """The message of a mistake: `file:line:column: subject: path: message`."""
    words = [subject, in_words(mistake.path, document), mistake.message]
    return f"{file}:{position.line}:{position.column}: {': '.join(filter(None, words))}"


def as_written(loc: Sequence[int | str], document: object) -> Path:
    """The path of a pydantic error in the keys that the document has: `cpm` for `cpm_micros`.

    Elements that pydantic adds, such as `[key]`, are left out.
    """
    path: list[int | str] = []
    for position, step in enumerate(loc):
        if step == _OF_A_KEY:
            break
        if isinstance(document, Mapping):
            short = str(step).removesuffix(_MICROS)
            key = step if step in document else short
            path.append(key)
            if key not in document:
                break
            document = document[key]
        elif isinstance(document, list) and isinstance(step, int) and step < len(document):
            path.append(step)
            document = document[step]
        elif position == 0:
            path.append(step)
        else:
            break
    return tuple(path)


def in_words(path: Sequence[int | str], document: object) -> str:
    """A path as text, such as `creatives[spot].media[1].url`: a list item is named by its id, or else its index."""
    text = ""
    for step in path:
        document = _item(document, step)
        if isinstance(step, int):
            named = document.get("id") if isinstance(document, Mapping) else None
            text += f"[{named if isinstance(named, str) else step}]"
        else:
            text += f".{step}" if text else str(step)
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most similar to `word`, or None if no word is similar."""
    by_letters = {name.replace("_", "").casefold(): name for name in known}
    letters = word.replace("_", "").replace("-", "").casefold()
    close = get_close_matches(letters, by_letters, n=3, cutoff=0.6)
    # A word with the same letters wins over equally similar ones: `cmp` means `cpm`, not `cpv`.
    close.sort(key=lambda name: sorted(name) != sorted(letters))
    return by_letters[close[0]] if close else None


def quote_value(value: object) -> str:
    """A value as a message quotes it: on one line, and cut at 60 characters."""
    text = str(value)
    text = text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text):,} letters)"
    return repr(text)


def _item(document: object, step: int | str) -> object:
    if isinstance(document, Mapping):
        return document.get(step)
    if isinstance(document, list) and isinstance(step, int) and step < len(document):
        return document[step]
    return None


def _message(details: "ErrorDetails", loc: Path, path: Path, model: type[BaseModel], vocabulary: Vocabulary) -> str:
    kind, value, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), keys_at(model, loc[:-1], vocabulary))
    if kind in {"literal_error", "enum"}:
        allowed = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
        if loc[-1:] == (_OF_A_KEY,):
            return unknown_key(str(path[-1]), allowed)
        meant = nearest(value, allowed) if isinstance(value, str) else None
        advice = f"; did you mean {meant}?" if meant else ""
        return f"{quote_value(value)} is none of {', '.join(allowed)}{advice}"
    if kind == "value_error":
        return str(context["error"])
    if value is None:
        return "has no value"
    if kind in {"model_type", "model_attributes_type"}:
        return f"has the keys {', '.join(keys_at(model, loc, vocabulary))}; it is {_form(value)}"
    if isinstance(value, Mapping | list | tuple):
        return f"{_expectation(details)}; it is {_form(value)}"
    if kind == "string_pattern_mismatch":
        pattern_words = vocabulary.patterns.get(context["pattern"], f"of the form {context['pattern']}")
        return f"{quote_value(value)} is not {pattern_words}"
    return f"{quote_value(value)} {_expectation(details)}"


def _expectation(details: "ErrorDetails") -> str:
    expected = _EXPECTED.get(details["type"], details["msg"])
    return re.sub(r"^(Input|String|Decimal input|List|Tuple|Dictionary|Value) (should|must)", r"\2", expected)


def _form(value: object) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else quote_value(value)


_EXPECTED = {
    "int_parsing": "should be a whole number",
    "int_type": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_parsing": "should be a number",
    "float_type": "should be a number",
    "decimal_parsing": "should be a number",
    "decimal_type": "should be a number",
    "bool_parsing": "should be yes or no",
    "bool_type": "should be yes or no",
    "string_type": "should be a text",
    "string_unicode": "has half a character in it (a lone surrogate)",
    "tuple_type": "should be a list",
    "list_type": "should be a list",
    "dict_type": "should have keys and values",
    "model_type": "should have keys and values",
    "model_attributes_type": "should have keys and values",
    "timezone_aware": "needs a time zone, such as the Z of 2026-11-01T00:00:00Z",
    "datetime_from_date_parsing": "should be a time such as 2026-11-01T00:00:00Z",
    "datetime_parsing": "should be a time such as 2026-11-01T00:00:00Z",
}


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The message for an unknown key, with advice if there are known keys."""
    advice = advised_key(key, known)
    return f"not known; {advice}" if advice else "not known"


def advised_key(key: str, known: Iterable[str]) -> str:
    """The most similar known key, or else the list of known keys, in words. Empty if no key is known."""
    names = sorted(known)
    if meant := nearest(key, names):
        return f"did you mean {meant}?"
    listed = ", ".join(names[:_MAX_LISTED])
    return f"known here: {listed}" if names else ""


def keys_at(model: type[BaseModel], loc: Sequence[int | str], vocabulary: Vocabulary) -> list[str]:
    """The keys that a file may have at the path `loc` of a model, without the suffix `_micros`."""
    at: type[BaseModel] | None = model
    for step in loc:
        if isinstance(step, str) and at is not None and step in at.model_fields:
            at = _model_in(at.model_fields[step].annotation)
            at = vocabulary.inside.get(at, at) if at else None
    names = [] if at is None else at.model_fields
    return [name.removesuffix(_MICROS) for name in names if name not in vocabulary.filled_in]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in an annotation: `Creative` in `tuple[Creative, ...] | None`. None if there is no model."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part)) is not None), None)
