"""The form of a bid's markup, encoded in its `nurl`, so that the win notice can return the same markup.

The encoded form is not signed: it selects the parts of the creative, and has no effect on the price.
"""

from collections.abc import Sequence
from typing import NamedTuple

MARKUP = "m"
"""The parameter of the win notice that has the encoded form."""

_PART_SEPARATOR = "_"
_ITEM_SEPARATOR = "."
_MAX_CHARACTERS = 200


class MarkupForm(NamedTuple):
    """The protocol (AdCOM 1.0, List: Creative Subtypes), and the skip offset in seconds or None.

    `media` are the positions of the files in the creative, best first; `companions` are the positions of the
    companions, each with the `vcm` of the request. `has_omid` says whether the player has the Open Measurement SDK.
    """

    protocol: int
    skip_offset: float | None = None
    media: tuple[int, ...] = ()
    companions: tuple[tuple[int, int | None], ...] = ()
    has_omid: bool = False


def encode_form(form: MarkupForm) -> str:
    """The encoded form, in letters that URLs do not escape."""
    skip = "" if form.skip_offset is None else f"{form.skip_offset:g}"
    media = _ITEM_SEPARATOR.join(map(str, form.media))
    companions = _ITEM_SEPARATOR.join(f"{number}{'' if vcm is None else f'v{vcm}'}" for number, vcm in form.companions)
    parts = (str(form.protocol), skip, media, companions, "o" if form.has_omid else "")
    return _PART_SEPARATOR.join(parts).rstrip(_PART_SEPARATOR)


def decode_form(word: str) -> MarkupForm | None:
    """The form that `encode_form` encoded; None for any other text."""
    parts = word[:_MAX_CHARACTERS].split(_PART_SEPARATOR)
    protocol, skip, media, companions, omid, *extra_parts = parts + [""] * 4
    try:
        if any(extra_parts) or omid not in {"", "o"} or len(word) > _MAX_CHARACTERS:
            return None
        return MarkupForm(
            _number(protocol),
            float(skip) if skip and skip.replace(".", "", 1).isdecimal() else None,
            tuple(map(_number, _items(media))),
            tuple(map(_companion, _items(companions))),
            omid == "o",
        )
    except ValueError:
        return None


def _items(text: str) -> Sequence[str]:
    return text.split(_ITEM_SEPARATOR) if text else ()


def _companion(text: str) -> tuple[int, int | None]:
    number, _, vcm = text.partition("v")
    return _number(number), _number(vcm) if vcm else None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise ValueError
    return int(text)
