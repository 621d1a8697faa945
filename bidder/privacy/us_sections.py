"""The US sections of a GPP string, 7 to 23: opt-outs, sensitive data, known children, and GPC."""

from typing import NamedTuple

from bidder.privacy.base64url import MAX_CHARACTERS, Bits, Unreadable

NOT_APPLICABLE = 0
DID_NOT_OPT_OUT = 2
CONSENTED = 2


class _Layout(NamedTuple):
    """The two-bit fields that follow the version, counted: what lies before the opt-outs, and so on in order."""

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
"""By section id and version, from the Global Privacy Platform's Sections. A section that is not listed is not read."""

SECTIONS = frozenset(section for section, _ in _LAYOUTS)


def allows(section: int, encoded: str) -> bool:
    """Whether the section refuses nothing: no opt-out was taken, sensitive data may be processed or is not, no child is
    known, and no GPC is signalled.
    """
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
    """Global Privacy Control, or a kind of subsection that we can't read."""
    return subsection.take(2) != 1 or subsection.take(1) == 1
