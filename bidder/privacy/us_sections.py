"""The US sections of a GPP string, 7 to 23: opt-outs, sensitive data, known children, and GPC."""

from typing import NamedTuple

from bidder.privacy.base64url import MAX_CHARACTERS, Bits, Unreadable

NOT_APPLICABLE = 0
DID_NOT_OPT_OUT = 2
CONSENTED = 2


class _Layout(NamedTuple):
    """The numbers of two-bit fields after the version, in order: notices, opt-outs, sensitive data, known children."""

    notices: int
    opt_outs: int
    sensitive: int
    children: int


_LAYOUTS = {
    (7, 1): _Layout(6, 3, 12, 2),
    (7, 2): _Layout(6, 3, 16, 3),
    (8, 1): _Layout(3, 2, 9, 2),
    (9, 1): _Layout(3, 2, 8, 1),
    (10, 1): _Layout(3, 2, 7, 1),
    (11, 1): _Layout(4, 2, 8, 1),
    (12, 1): _Layout(3, 2, 8, 3),
    (13, 1): _Layout(3, 2, 8, 3),
    (14, 1): _Layout(3, 2, 8, 3),
    (15, 1): _Layout(3, 2, 11, 3),
    (16, 1): _Layout(3, 2, 8, 1),
    (17, 1): _Layout(3, 2, 9, 5),
    (18, 1): _Layout(4, 2, 8, 1),
    (19, 1): _Layout(3, 2, 8, 1),
    (20, 1): _Layout(3, 2, 8, 3),
    (21, 1): _Layout(3, 2, 10, 5),
    (22, 1): _Layout(3, 2, 8, 1),
    (23, 1): _Layout(3, 2, 8, 1),
}
"""The layouts by section id and version (Global Privacy Platform, Sections). Other sections are not read."""

SECTIONS = frozenset(section for section, _ in _LAYOUTS)


def allows(section: int, encoded: str) -> bool:
    """Whether the section restricts nothing: no opt-out, no refused sensitive data, no known child and no GPC."""
    if len(encoded) > MAX_CHARACTERS:
        return False
    core, *subsections = encoded.split(".")
    try:
        return _core_allows(section, Bits(core)) and not any(_signals_gpc(Bits(part)) for part in subsections)
    except Unreadable:
        return False


def _core_allows(section: int, bits: Bits) -> bool:
    layout = _LAYOUTS.get((section, bits.take(6)))
    if layout is None:
        return False
    bits.take(2 * layout.notices)
    opt_outs = [bits.take(2) for _ in range(layout.opt_outs)]
    sensitive = [bits.take(2) for _ in range(layout.sensitive)]
    children = [bits.take(2) for _ in range(layout.children)]
    return (
        set(opt_outs) == {DID_NOT_OPT_OUT}
        and set(sensitive) <= {NOT_APPLICABLE, CONSENTED}
        and set(children) == {NOT_APPLICABLE}
    )


def _signals_gpc(subsection: Bits) -> bool:
    """Whether a subsection signals Global Privacy Control, or is of an unknown type."""
    return subsection.take(2) != 1 or subsection.take(1) == 1
