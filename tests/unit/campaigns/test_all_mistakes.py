"""One run reports every mistake of a campaign, in words."""

from collections.abc import Iterator
from typing import Any

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.file_schema import _WithoutDefaults
from bidder.campaigns.types import PATTERNS
from tests.unit.campaigns.test_file_checks import refusal


def patterns_in(node: Any) -> Iterator[str]:
    """Every pattern of a JSON Schema."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "pattern" and isinstance(value, str):
            yield value
        else:
            yield from patterns_in(value)


def test_every_pattern_has_words_for_messages() -> None:
    schemas = [model.model_json_schema(schema_generator=_WithoutDefaults) for model in (Campaign, AdvertiserLimits)]

    of_decimals = {pattern for pattern in patterns_in(schemas) if pattern.startswith("^(?!")}  # pydantic's own

    assert set(patterns_in(schemas)) - of_decimals == PATTERNS.keys()


def test_mistakes_beside_others_of_their_field_are_reported_too() -> None:
    mistakes = refusal(
        time_zone="Berlin",
        frequency_caps=[{"impressions": 3, "window": "daily"}, {"min_gap": "30 min"}],
        multipliers={"country": {"us": 0}, "size": {"huge": 1}},
        targeting={"hour": {"include": ["18-8"]}, "domain": "x"},
    )

    for message in (
        "time_zone: Berlin is not a zone of the IANA database",
        "window: 'daily' is not hour, day, week, month, lifetime, or a number and a unit (s, m, h, d) such as 6h",
        "min_gap: '30 min' is not a number and a unit (s, m, h, d), such as 30m",
        "multipliers.country.us: '0' should be",
        "multipliers.size.huge: 'huge' is none of small, medium, large",
        "targeting.hour.include[0]: '18-8' is not a time of the week",
    ):
        assert mistakes.count(message) == 1, message
