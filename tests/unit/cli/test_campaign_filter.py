"""`--where` selects by every field of a campaign, and refuses a condition that no campaign can meet."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given

from bidder.campaigns.campaign import Campaign
from bidder.cli.campaign_fields import field_at
from bidder.cli.campaign_filter import BadFilter, campaign_filter
from bidder.money import MICROS
from tests.support.campaigns import campaign, campaign_lists, creative


def leaves(document: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each value of a document by its path, amounts in whole units. Expressions and values as keys have no paths."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key in {"where", "multipliers", "categories_above", "categories_below"}:
                continue
            if key.endswith("_micros") and value is not None:
                yield ".".join((*path, key.removesuffix("_micros"))), value / MICROS
            else:
                yield from leaves(value, (*path, key.removesuffix("_micros")))
    elif isinstance(document, list):
        for item in document:
            yield from leaves(item, path)
    elif document is not None:
        yield ".".join(path), str(document).lower() if isinstance(document, bool) else document


@given(campaign_lists(max_size=3))
def test_each_value_of_a_campaign_selects_it(entries: list[Campaign]) -> None:
    for entry in entries:
        for path, value in leaves(entry.model_dump(mode="json")):
            assert campaign_filter([f"{path}={value}"])(entry), path
            assert not campaign_filter([f"{path}!={value}"])(entry), path
            assert not campaign_filter([f"{path}="])(entry), path


@given(campaign_lists(max_size=3))
def test_a_path_with_an_unknown_step_is_refused(entries: list[Campaign]) -> None:
    for entry in entries:
        for path, value in leaves(entry.model_dump(mode="json")):
            for condition in (f"{path}_=", f"{path}.more={value}"):
                with pytest.raises(BadFilter, match="is not a field of"):
                    campaign_filter([condition])


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("budget.dayly=", "dayly is not a field of budget: did you mean daily?"),
        ("creatives.media.hight>700", "hight is not a field of creatives.media: did you mean height?"),
        ("targeting.contry.include=US", "contry is not a field of targeting: did you mean country?"),
        ("country.inclde=US", "inclde is not a field of targeting.country: did you mean include?"),
        ("status.of=active", "of is not a field of status: it is a value"),
        ("status=activ", "activ is none of active, paused"),
        ("status!=pausd", "pausd is none of active, paused"),
        ("shading=maybe", "maybe is none of true, false"),
        ("cpm=abc", "abc is not a value of cpm, such as 12"),
        ("cpm!=1O", "1O is not a value of cpm"),
        ("cpm=1,50", "1,50 is not a value of cpm"),
        ("budget.daily=;", "; is not a value of budget.daily"),
        ("creatives.duration=long", "long is not a value of creatives.duration"),
        ("deals.cpm=none set", "'none set' is not a value of deals.cpm"),
        ("creatives.apis=vpaid", "vpaid is not a value of creatives.apis"),
        ("frequency_caps.impressions=x", "x is not a value of frequency_caps.impressions"),
        ("flight.start=today", "today is not a value of flight.start, such as 2026-11-01"),
        ("advertiser=Shop", "advertiser has the fields name, domain"),
        ("budget>5", "budget has the fields total, daily"),
    ],
)
def test_a_condition_that_no_campaign_can_meet_is_refused(condition: str, message: str) -> None:
    with pytest.raises(BadFilter, match=message.replace("?", r"\?")) as error:
        campaign_filter([condition])
    assert str(error.value).startswith(f"--where {condition}: ")


@pytest.mark.parametrize(
    ("condition", "selects"),
    [
        ("country.include=GB", True),
        ("country.include=gbr", True),
        ("targeting.country.include=Atlantis", False),
        ("country.include!=US", True),
        ("country.include!=GB", False),
        ("deals=", False),
        ("deals!=", True),
        ("deals.id=D", True),
        ("budget=", True),
        ("flight=", True),
        ("flight!=", False),
        ("creatives.tag=", True),
        ("frequency_caps=", True),
        ("where=", True),
        ("targeting=", False),
    ],
)
def test_values_are_compared_in_their_normal_form_and_parts_by_their_presence(condition: str, *, selects: bool) -> None:
    entry = campaign(targeting={"country": {"include": ["GB"]}}, deals=[{"id": "d", "cpm": 9}], creatives=[creative()])

    assert campaign_filter([condition])(entry) is selects


def test_a_path_states_its_fields() -> None:
    assert field_at("deals").parts == ("id", "cpm", "budget")
