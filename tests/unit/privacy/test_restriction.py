"""`restriction`: each signal alone, in each of its fields and formats."""

import json
from typing import Any

import pytest

from bidder.openrtb.parse import parse
from bidder.privacy.gate import Restriction, restriction
from tests.unit.privacy.strings import CONSENT, GPP_NO_OPT_OUT, GPP_OPT_OUT, REFUSAL


def restriction_of(**objects: Any) -> Restriction | None:
    imp = {"id": "1", "video": {"mimes": ["video/mp4"]}}
    return restriction(parse(json.dumps({"id": "r", "imp": [imp], **objects}).encode()))


def test_the_words_of_each_restriction() -> None:
    assert [restriction.value for restriction in Restriction] == [
        "made for children (coppa)",
        "the device asks not to be tracked (dnt)",
        "the device limits ad tracking (lmt)",
        "the user did not allow tracking on iOS (atts)",
        "the browser opts out of sale (gpc)",
        "the GDPR applies or may apply, and the consent string is missing, unreadable or refuses",
        "us_privacy opts out of sale, or is unreadable",
        "a GPP section in force opts out, or is unreadable",
    ]


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ({}, None),
        ({"dnt": 0, "lmt": 0}, None),
        ({"dnt": 1}, Restriction.DO_NOT_TRACK),
        ({"lmt": "1"}, Restriction.LIMIT_AD_TRACKING),
        ({"lmt": -1}, Restriction.LIMIT_AD_TRACKING),
        ({"ext": {"atts": 3}}, None),
        ({"ext": {}}, None),
        ({"ext": {"ifv": "x"}}, None),
        ({"ext": {"atts": 0}}, Restriction.TRACKING_NOT_AUTHORIZED),
        ({"ext": {"atts": 2}}, Restriction.TRACKING_NOT_AUTHORIZED),
    ],
)
def test_signals_of_the_device(device: dict[str, Any], expected: Restriction | None) -> None:
    assert restriction_of(device=device) is expected


@pytest.mark.parametrize(
    ("regs", "expected"),
    [
        ({"coppa": 0, "gdpr": 0, "us_privacy": "1YNN", "gpp": GPP_NO_OPT_OUT, "gpp_sid": [7]}, None),
        ({"us_privacy": "1---", "gpp": "DBAA", "gpp_sid": [-1]}, None),
        ({"us_privacy": "", "gpp": "", "gpp_sid": []}, None),
        ({"coppa": 1}, Restriction.COPPA),
        ({"coppa": 2}, Restriction.COPPA),
        ({"us_privacy": "1YYN"}, Restriction.US_PRIVACY),
        ({"us_privacy": "1Y"}, Restriction.US_PRIVACY),
        ({"us_privacy": "2YNN"}, Restriction.US_PRIVACY),
        ({"gpp": GPP_OPT_OUT}, Restriction.GPP),
        ({"gpp": GPP_OPT_OUT, "gpp_sid": [7]}, Restriction.GPP),
        ({"gpp_sid": [7]}, Restriction.GPP),
        ({"gpp_sid": [-1]}, None),
        ({"gdpr": 1}, Restriction.GDPR),
    ],
)
@pytest.mark.parametrize("in_ext", [False, True])
def test_signals_of_regs(regs: dict[str, Any], expected: Restriction | None, in_ext: bool) -> None:
    assert restriction_of(regs={"ext": regs} if in_ext else regs) is expected


def test_global_privacy_control() -> None:
    assert restriction_of(regs={"ext": {"gpc": "1"}}) is Restriction.GLOBAL_PRIVACY_CONTROL
    assert restriction_of(regs={"ext": {"gpc": 0}}) is None


@pytest.mark.parametrize(
    ("gdpr", "consent", "expected"),
    [
        (None, "", None),
        (None, CONSENT, None),
        (None, REFUSAL, Restriction.GDPR),
        (None, "what?", Restriction.GDPR),
        (0, "what?", None),
        (1, CONSENT, None),
        (1, f"{CONSENT}.YAAAAAAAAAAA", None),
        (1, "", Restriction.GDPR),
        (1, REFUSAL, Restriction.GDPR),
        (1, "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", Restriction.GDPR),
        (2, "", Restriction.GDPR),
    ],
)
@pytest.mark.parametrize("in_ext", [False, True])
def test_gdpr_and_tcf_signals(gdpr: int | None, consent: str, expected: Restriction | None, in_ext: bool) -> None:
    user = {"consent": consent}
    assert restriction_of(regs={"gdpr": gdpr}, user={"ext": user} if in_ext else user) is expected


def test_either_of_two_fields_of_a_signal_restricts() -> None:
    assert restriction_of(regs={"gdpr": 0, "ext": {"gdpr": 1}}) is Restriction.GDPR
    assert restriction_of(regs={"us_privacy": "1YNN", "ext": {"us_privacy": "1YYN"}}) is Restriction.US_PRIVACY
    assert restriction_of(user={"consent": CONSENT, "ext": {"consent": REFUSAL}}) is Restriction.GDPR
