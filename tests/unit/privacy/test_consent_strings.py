"""TCF, US Privacy and GPP strings: permitted and refused use. An unreadable string always refuses."""

from itertools import combinations
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.privacy import gpp, tcf, us_privacy, us_sections
from bidder.privacy.base64url import Bits, Unreadable
from tests.unit.privacy.strings import (
    ALPHABET,
    CONSENT,
    GPP_NO_OPT_OUT,
    REFUSAL,
    encoded,
    fibonacci,
    gpp_header,
    tc_string,
    usnat,
)

# The examples of the GPP Consent String Specification.
EUROPE = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
SPECIFIED = [
    (f"DBABM~{EUROPE}", [2]),
    (f"DBACNY~{EUROPE}~1YNN", [2, 6]),
    (f"DBABjw~{EUROPE}~1YNN", [5, 6]),
    (f"DBACNYA~{EUROPE}~1YNN", [2, 6]),
]


@pytest.mark.parametrize("purposes", [set(allowed) for n in range(5) for allowed in combinations((1, 2, 3, 4), n)])
def test_a_tc_string_permits_with_consent_to_all_required_purposes(purposes: set[int]) -> None:
    assert tcf.allows(tc_string(purposes)) == ({1, 3, 4} <= purposes)


def test_a_tc_string_that_is_truncated_or_of_another_version_refuses() -> None:
    assert not tcf.allows(tc_string({1, 2, 3, 4}, version=1))
    assert not tcf.allows(tc_string({1, 2, 3, 4}, version=3))
    assert not any(tcf.allows(CONSENT[:length]) for length in range(36))


@given(st.text(st.sampled_from(printable), max_size=60))
def test_random_text_is_not_a_tc_string(text: str) -> None:
    assert not tcf.allows(text) or text[0] == "C"


@given(st.text("1YN-2yn ", max_size=5))
def test_a_us_privacy_string_permits_without_an_opt_out(text: str) -> None:
    four = len(text) == 4 and text[0] == "1" and all(letter in "YN-" for letter in text[1:])
    assert us_privacy.allows(text) == (four and text[2] in "N-")


@given(st.integers(1, 5000))
def test_fibonacci_coding(number: int) -> None:
    assert Bits(encoded(*((int(bit), 1) for bit in fibonacci(number)))).take_fibonacci() == number


@pytest.mark.parametrize(("text", "ids"), SPECIFIED)
def test_the_header_of_the_specification(text: str, ids: list[int]) -> None:
    assert list(gpp._sections(text)) == ids


def test_the_encoder_gives_the_headers_of_the_specification() -> None:
    assert [gpp_header(2), gpp_header(2, 6), gpp_header((5, 6))] == ["DBABM", "DBACNY", "DBABjw"]


@pytest.mark.parametrize(
    ("text", "in_force", "allowed"),
    [
        ("", [], True),
        ("", [-1], True),
        ("", [7], False),
        ("DBAA", [], True),
        ("DBAA", [-1], True),
        ("DBAA", [0], True),
        ("DBAA", [7], False),
        (GPP_NO_OPT_OUT, [7], True),
        (GPP_NO_OPT_OUT, [], True),
        (GPP_NO_OPT_OUT, [8], False),
        (GPP_NO_OPT_OUT, [0], True),
        (GPP_NO_OPT_OUT, [1], False),
        (GPP_NO_OPT_OUT, [7, 8], False),
        (f"{gpp_header(2)}~{CONSENT}", [2], True),
        (f"{gpp_header(2)}~{REFUSAL}", [2], False),
        (f"{gpp_header(6)}~1YNN", [6], True),
        (f"{gpp_header(6)}~1YYN", [6], False),
        (f"{gpp_header(6, 7)}~1YYN~{usnat()}", [7], True),
        (f"{gpp_header(6, 7)}~1YYN~{usnat()}", [-1], False),
        (f"{gpp_header(5)}~{CONSENT}", [5], False),
        (f"{gpp_header(24)}~{usnat()}", [24], False),
        (f"{gpp_header(7)}", [7], False),
        (f"{gpp_header(7)}~{usnat()}~1YNN", [7], False),
        (f"{gpp_header(7)}~", [7], False),
        (f"{gpp_header((1, 201))}", [-1], False),
        ("what?", [], False),
        ("~", [], False),
    ],
)
def test_a_gpp_string(text: str, in_force: list[int], allowed: bool) -> None:
    assert gpp.allows(text, in_force) == allowed


def test_usnat_permits_without_an_opt_out() -> None:
    for opt_outs in ((a, b, c) for a in range(4) for b in range(4) for c in range(4)):
        assert us_sections.allows(7, usnat(opt_outs)) == (opt_outs == (2, 2, 2)), opt_outs


@pytest.mark.parametrize(
    ("section", "allowed"),
    [
        (usnat(children=(0, 1)), False),
        (usnat(children=(2, 0)), False),
        (usnat(children=(0, 0, 0), version=2), True),
        (usnat(children=(0, 0, 1), version=2), False),
        (usnat(version=3, children=(0, 0, 0)), False),
        (f"{usnat()}.{encoded((1, 2), (0, 1))}", True),
        (f"{usnat()}.{encoded((1, 2), (1, 1))}", False),
        (f"{usnat()}.{encoded((0, 2), (0, 1))}", False),
        (f"{usnat()}.", False),
        (usnat()[:6], False),
        (usnat(sensitive=(0, 2, 0, 2)), True),
        (usnat(sensitive=(1,)), False),
        (usnat(sensitive=(3,)), False),
        (usnat(sensitive=(0,) * 11 + (1,)), False),
        (usnat(version=2, children=(0, 0, 0), sensitive=(2,) * 16), True),
        (usnat(version=2, children=(0, 0, 0), sensitive=(2,) * 15 + (1,)), False),
        (f"{usnat()}.{encoded((1, 2), (0, 1))}".ljust(80, "A"), False),
        (usnat().ljust(65, "A"), False),
        (f"{usnat()}.{encoded((1, 2), (0, 1))}".ljust(64, "A"), True),
        (f"{usnat()}.{encoded((1, 2), (0, 1))}".ljust(65, "A"), False),
    ],
)
def test_usnat_with_children_versions_and_gpc(section: str, allowed: bool) -> None:
    assert us_sections.allows(7, section) == allowed


# Two-bit fields in the order of each state's specification: notices, opt-outs, sensitive data, known child.
STATES = {8: (3, 2, 9, 2), 9: (3, 2, 8, 1), 10: (3, 2, 7, 1), 11: (4, 2, 8, 1), 12: (3, 2, 8, 3)}
STATES |= {13: (3, 2, 8, 3), 14: (3, 2, 8, 3), 15: (3, 2, 11, 3), 16: (3, 2, 8, 1), 17: (3, 2, 9, 5)}
STATES |= {18: (4, 2, 8, 1), 19: (3, 2, 8, 1), 20: (3, 2, 8, 3), 21: (3, 2, 10, 5), 22: (3, 2, 8, 1), 23: (3, 2, 8, 1)}


LAYOUTS = {(7, 1): (6, 3, 12, 2), (7, 2): (6, 3, 16, 3)} | {(state, 1): fields for state, fields in STATES.items()}


@pytest.mark.parametrize(("section", "version"), LAYOUTS)
def test_the_layout_of_a_section(section: int, version: int) -> None:
    """Each opt-out, each kind of sensitive data and each known child refuses. Notices and later fields do not."""
    notices, opt_outs, sensitive, children = LAYOUTS[section, version]
    allowing = [1] * notices + [2] * opt_outs + [0, 2] * (sensitive // 2) + [0] * (sensitive % 2)
    allowing += [0] * children + [1, 1, 1, 1]
    read = range(notices, notices + opt_outs + sensitive + children)

    for changed in (None, *range(len(allowing))):
        fields = [1 if number == changed else value for number, value in enumerate(allowing)]
        text = encoded((version, 6), *((field, 2) for field in fields))
        assert us_sections.allows(section, text) == (changed not in read), changed
        assert gpp.allows(f"{gpp_header(section)}~{text}", [section]) == (changed not in read), changed


def test_an_overlong_section_is_refused_without_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    long = usnat() + "." + encoded((1, 2), (0, 1)) + "." * 64
    monkeypatch.setattr(us_sections, "Bits", lambda text: pytest.fail(f"decoded {text}"))

    assert not us_sections.allows(7, long)


@pytest.mark.parametrize("first_bits", [(2, 1), (4, 1), (3, 2), (3, 0)])
def test_a_header_of_another_type_or_version_is_refused(first_bits: tuple[int, int]) -> None:
    kind, version = first_bits
    rest = "".join(f"{ALPHABET.index(letter):06b}" for letter in gpp_header(7))[12:]
    header = encoded((kind, 6), (version, 6), *((int(bit), 1) for bit in rest))

    assert not gpp.allows(f"{header}~{usnat()}", [7])
    assert not gpp.allows(f"{header}~{usnat()}", [])


@pytest.mark.parametrize("last", [gpp.MAX_SECTION + 1, 10**6, 10**50])
def test_a_header_with_huge_ranges_of_sections_is_refused_before_their_expansion(last: int) -> None:
    header = gpp_header((1, last))

    with pytest.raises(Unreadable):
        gpp._section_ids(Bits(header))
    assert not gpp.allows(f"{header}~{usnat()}", [])


def test_the_last_section_that_is_read() -> None:
    assert gpp._section_ids(Bits(gpp_header((1, gpp.MAX_SECTION)))) == list(range(1, gpp.MAX_SECTION + 1))


def test_only_the_beginning_of_a_long_core_is_decoded() -> None:
    """The vendors of a TC string may take thousands of characters, which are not decoded."""
    assert tcf.allows(CONSENT + "A" * 8000)
    assert tcf.allows(CONSENT.ljust(36, "A") + "é")


@given(st.text(ALPHABET + "~.", max_size=80), st.lists(st.integers(-1, 30), max_size=3))
def test_any_text_permits_or_refuses_without_an_error(text: str, in_force: list[int]) -> None:
    assert gpp.allows(text, in_force) in {True, False}


def test_characters_outside_the_alphabet_refuse() -> None:
    assert not us_sections.allows(7, usnat()[:-1] + "é")
    assert not tcf.allows(f"{CONSENT[:20]}+{CONSENT[21:]}")
