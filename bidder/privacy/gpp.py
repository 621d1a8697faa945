"""IAB Tech Lab's Global Privacy Platform (GPP) string: the opt-outs of the sections in force."""

from collections.abc import Callable, Iterable
from functools import partial

from bidder.privacy import tcf, us_privacy, us_sections
from bidder.privacy.base64url import Bits, Unreadable

HEADER_TYPE = 3
HEADER_VERSION = 1
MAX_SECTION = 200
"""The highest section id that is read, far above the registered ids."""

_READERS: dict[int, Callable[[str], bool]] = {
    2: tcf.allows,
    6: us_privacy.allows,
    **{section: partial(us_sections.allows, section) for section in us_sections.SECTIONS},
}


def allows(gpp: str, section_ids: Iterable[int]) -> bool:
    """Whether each section in force can be read and opts out of nothing.

    `section_ids` is `gpp_sid`. Where `gpp_sid` names no section (-1 and 0 are none), all sections of the string are in
    force.
    """
    named_sections = {section for section in section_ids if section > 0}
    try:
        sections = _sections(gpp) if gpp else {}
    except ValueError:
        return False
    return all(
        section in _READERS and section in sections and _READERS[section](sections[section])
        for section in named_sections or sections
    )


def _sections(gpp: str) -> dict[int, str]:
    """The encoded sections by id (Consent String Specification, GPP String).

    Raises ValueError if the header is unreadable, or names more or fewer sections than there are.
    """
    header, *encoded_sections = gpp.split("~")
    return dict(zip(_section_ids(Bits(header)), encoded_sections, strict=True))


def _section_ids(header: Bits) -> list[int]:
    """A Fibonacci range: each entry is an id, or a group's first id and length, as distances from the last id."""
    if header.take(6) != HEADER_TYPE or header.take(6) != HEADER_VERSION:
        raise Unreadable
    ids: list[int] = []
    last_id = 0
    for _ in range(header.take(12)):
        is_group = header.take(1)
        first_id = last_id + header.take_fibonacci()
        last_id = first_id + (header.take_fibonacci() if is_group else 0)
        if last_id > MAX_SECTION:
            raise Unreadable
        ids.extend(range(first_id, last_id + 1))
    return ids
