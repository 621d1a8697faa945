"""`restrict_request`: a restricted request has no personal data, and an unrestricted request is unchanged."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from bidder.auction.attributes import request_attributes
from bidder.openrtb.device import Device
from bidder.openrtb.geo import Geo
from bidder.openrtb.parse import parse
from bidder.openrtb.user import User
from bidder.privacy.gate import Restriction, restrict_request, restriction
from tests.support.campaigns import EVERYTHING, NOW
from tests.support.matchable import video_request
from tests.support.strategies import bid_requests
from tests.unit.privacy.strings import CONSENT, GPP_OPT_OUT, REFUSAL, gpp_header, usnat

SECRET = "secret"  # noqa: S105  it marks what must not get through
PERSON: dict[str, Any] = {
    "id": "secret-user",
    "buyeruid": "secret-buyer",
    "yob": 19730707,
    "gender": "secret-gender",
    "keywords": "secret-keywords",
    "kwarray": ["secret-keyword"],
    "customdata": "secret-cookie",
    "geo": {"lat": 12.3456789, "lon": 12.3456789, "zip": "secret-zip", "city": "secret-city", "country": "USA"},
    "data": [{"id": "secret-data", "segment": [{"id": "secret-segment", "value": "secret-value"}]}],
    "eids": [{"source": "secret.example", "uids": [{"id": "secret-uid"}]}],
    "ext": {"eids": [{"source": "secret.example", "uids": [{"id": "secret-uid"}]}]},
}
MACHINE: dict[str, Any] = {
    "ip": "secret-ip",
    "ipv6": "secret-ipv6",
    "ifa": "secret-ifa",
    "ua": "Player/1",
    "devicetype": 3,
    "geo": {"lat": 12.3456789, "lon": 12.3456789, "accuracy": 19730707, "lastfix": 19730707, "metro": "secret-metro"}
    | {"zip": "secret-zip", "city": "secret-city", "country": "USA", "region": "CA", "utcoffset": -480},
}
PAGE = {"page": "https://news.example/story?u=secret-id#secret", "ref": "https://a.example/?q=secret", "search": SECRET}

DEVICE_SIGNALS: list[dict[str, Any]] = [{}, {"dnt": 1}, {"lmt": 1}, {"ext": {"atts": 2}}]
REGS_SIGNALS: list[dict[str, Any]] = [
    {},
    {"coppa": 1},
    {"gdpr": 1},
    {"gdpr": 7},
    {"us_privacy": "1YYN"},
    {"us_privacy": "what?"},
    {"gpp": GPP_OPT_OUT},
    {"gpp_sid": [7]},
]
CONSENTS: list[dict[str, Any]] = [{}, {"consent": REFUSAL}, {"consent": "no such string"}]


def request(device: dict[str, Any], regs: dict[str, Any], user: dict[str, Any]) -> Any:
    video = {"mimes": ["video/mp4"]}
    imp = {"id": "1", "video": video, "banner": {"ext": SECRET}, "audio": {"x": SECRET}, "native": {"x": SECRET}}
    document = {"id": "r", "imp": [imp], "site": PAGE, "device": device, "regs": regs, "user": user}
    return parse(json.dumps(document).encode())


def values(position: object) -> Iterator[object]:
    """All values within a model, of any type."""
    if isinstance(position, BaseModel):
        yield from values(
            {**position.__dict__, **(position.__pydantic_extra__ or {}), **(position.__pydantic_private__ or {})}
        )
    elif isinstance(position, dict):
        for key, value in position.items():
            yield from values(key)
            yield from values(value)
    elif isinstance(position, list | tuple | set | frozenset):
        for item in position:
            yield from values(item)
    else:
        yield position


def personal(position: object) -> list[object]:
    return [value for value in values(position) if SECRET in str(value) or value in {12.3456789, 19730707}]


def test_the_walk_reaches_every_personal_value() -> None:
    open_request = request(MACHINE, {}, PERSON)
    assert open_request.user
    assert len(personal(open_request)) > 25
    assert {name for name in User.model_fields if not getattr(open_request.user, name)} == {"consent"}


@pytest.mark.parametrize("device", DEVICE_SIGNALS)
def test_no_personal_value_remains_under_a_restrictive_signal(device: dict[str, Any]) -> None:
    for regs, in_ext, consent, consent_in_ext in product(REGS_SIGNALS, [False, True], CONSENTS, [False, True]):
        user = PERSON | ({"ext": PERSON["ext"] | consent} if consent_in_ext else consent)
        parsed_request = request(MACHINE | device, {"ext": regs} if in_ext else regs, user)

        inputs = restrict_request(parsed_request)

        if device or regs or consent:
            assert restriction(parsed_request)
            assert personal(inputs) == []
            assert inputs.regs == parsed_request.regs
        else:
            assert inputs is parsed_request
            assert personal(inputs)


GPP = f"{gpp_header(7)}~{usnat()}"


@pytest.mark.parametrize(
    ("regs", "expected"),
    [
        ({"gpp": GPP, "gpp_sid": [7]}, None),
        ({"ext": {"gpp": GPP, "gpp_sid": [7]}}, None),
        ({"gpp": GPP, "ext": {"gpp_sid": [7]}}, None),
        ({"gpp_sid": "7", "ext": {"gpp": GPP}}, None),
        ({"gpp": GPP, "gpp_sid": [7], "ext": {"gpp": GPP, "gpp_sid": [7]}}, None),
        ({"gpp": GPP, "ext": {"gpp_sid": [8]}}, Restriction.GPP),
        ({"gpp_sid": [8], "ext": {"gpp": GPP}}, Restriction.GPP),
        ({"gpp": GPP, "gpp_sid": [7], "ext": {"gpp_sid": [8]}}, Restriction.GPP),
        ({"gpp": GPP, "gpp_sid": [7], "ext": {"gpp": GPP_OPT_OUT}}, Restriction.GPP),
        ({"gpp": GPP_OPT_OUT, "ext": {"gpp": GPP, "gpp_sid": [7]}}, Restriction.GPP),
        ({"ext": {"gpp_sid": [7]}}, Restriction.GPP),
        ({"gpp_sid": [-1], "ext": {"gpp": GPP}}, None),
    ],
)
def test_a_gpp_string_and_its_sections_may_be_in_different_places(
    regs: dict[str, Any], expected: Restriction | None
) -> None:
    assert restriction(request(MACHINE, regs, PERSON)) == expected


def test_contextual_values_remain() -> None:
    inputs = restrict_request(request(MACHINE | {"lmt": 1}, {}, PERSON))

    assert inputs.device
    assert (inputs.device.ua, inputs.device.devicetype, inputs.device.lmt) == ("Player/1", 3, 1)
    assert inputs.device.geo == Geo(country="USA", region="CA", utcoffset=-480)
    assert inputs.user == User(geo=Geo(country="USA"))
    assert inputs.site
    assert (inputs.site.page, inputs.site.ref) == ("https://news.example/story", "https://a.example/")


def test_the_location_of_the_user_does_not_replace_a_precise_location_of_the_device() -> None:
    person = {"geo": {"country": "DEU", "utcoffset": 60}}

    precise = restrict_request(request({"lmt": 1, "geo": {"lat": 1.5}}, {}, person))
    unknown = restrict_request(request({"lmt": 1, "geo": {}}, {}, person))

    assert precise.location is None
    assert unknown.location == Geo(country="DEU", utcoffset=60)


PERSONAL = {"metro", "city", "postcode", "near", "segment", "user"}
"""Targeting attributes of the person, or of a location more precise than a region."""


@given(bid_requests(), st.sampled_from(["lmt", "dnt"]))
def test_no_generated_request_keeps_a_personal_value_under_a_signal(document: Any, signal: str) -> None:
    document.setdefault("device", {})[signal] = 1
    parsed = parse(json.dumps(document).encode())

    inputs = restrict_request(parsed)

    assert inputs.user is None or set(values(inputs.user.model_dump(exclude={"geo"}))) <= {
        None,
        *User.model_fields,
    }
    assert inputs.device
    assert (inputs.device.ip, inputs.device.ipv6, inputs.device.ifa) == (None, None, None)
    for geo in (inputs.device.geo, inputs.user and inputs.user.geo):
        assert geo is None or geo.model_dump(exclude_none=True).keys() <= {"country", "region", "utcoffset"}
    assert inputs.imp == parsed.imp
    observed, unrestricted = (request_attributes(entry, EVERYTHING, NOW, {}) for entry in (inputs, parsed))
    assert observed.keys().isdisjoint(PERSONAL)
    assert observed == {name: item for name, item in unrestricted.items() if name not in PERSONAL}


@given(bid_requests())
def test_a_request_is_unchanged_exactly_if_no_signal_restricts(document: Any) -> None:
    parsed = parse(json.dumps(document).encode())
    assert (restrict_request(parsed) is parsed) == (restriction(parsed) is None)


def test_the_gate_is_idempotent() -> None:
    once = restrict_request(request(MACHINE, {"coppa": 1}, PERSON | {"consent": CONSENT}))
    assert restrict_request(once) == once
    assert isinstance(once.device, Device)


@pytest.mark.parametrize("remaining_url", ["https://news.example/story", "news.example", ""])
@pytest.mark.parametrize("cut", ["?u=secret", "#secret", "#a?u=secret", "?u=secret#secret", "??#?"])
def test_page_urls_lose_query_and_fragment(remaining_url: str, cut: str) -> None:
    document = video_request(site={"page": remaining_url + cut, "ref": remaining_url + cut}, device={"dnt": 1})

    site = restrict_request(parse(json.dumps(document).encode())).site

    assert site is not None
    assert (site.page, site.ref) == (remaining_url, remaining_url)
