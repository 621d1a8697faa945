"""The campaigns of a scenario: documents as in a campaign file, with defaults for the fields that may be left out."""

from collections.abc import Mapping
from math import exp
from random import Random
from typing import Any

from pydantic import ValidationError

from bidder.campaigns.budget import Budget
from bidder.campaigns.campaign import Campaign
from bidder.faults import faults
from bidder.simulator.scenario import InvalidScenario, Scenario

_CREATIVE = {
    "id": "creative",
    "name": "A creative",
    "duration": 15,
    "click_through": "https://advertiser.example/",
    "media": [
        {"url": "https://media.example/a.mp4", "mime": "video/mp4", "width": 1280, "height": 720, "bitrate": 1500}
    ],
}
_MICROS = "_micros"
_MONEY = ("total_micros", "daily_micros", "hourly_micros", "total_impressions", "daily_impressions")


def documents(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """The documents of all campaigns by id, including copies."""
    rng = Random(scenario.seed)  # noqa: S311  a repeatable draw, not a secret
    by_id = {str(document.get("id", f"campaign-{n}")): document for n, document in enumerate(scenario.campaigns)}
    for copies in scenario.copies:
        for number in range(copies.count):
            document = dict(copies.document)
            name = document["id"] = f"{document.get('id', 'copy')}-{number}"
            document["budget"] = dict(document.get("budget", {}))
            if "daily" in document["budget"]:
                amount = float(document["budget"]["daily"]) * exp(rng.gauss(0, copies.budget_sigma))
                document["budget"]["daily"] = round(amount, 2)
            if "cpm" in document:
                document["cpm"] = max(0.01, round(float(document["cpm"]) * exp(rng.gauss(0, copies.cpm_sigma)), 2))
            by_id[name] = document
    return by_id


def edit_document(document: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign's document with the fields of a change. Amounts of a budget that the change does not name stay."""
    merged = _replace_fields(document, change)
    if isinstance(document.get("budget"), Mapping) and isinstance(change.get("budget"), Mapping):
        merged["budget"] = _replace_fields(document["budget"], change["budget"])
    return merged


def _replace_fields(document: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the fields of the change. `cpm` replaces `cpm_micros`, and `cpm_micros` replaces `cpm`."""
    amounts = {name.removesuffix(_MICROS) for name in change}
    unchanged = {name: value for name, value in document.items() if name.removesuffix(_MICROS) not in amounts}
    return {**unchanged, **change}


def whole_campaign(name: str, document: Mapping[str, Any]) -> Campaign:
    """The campaign of a document, with unscaled budgets. Raises pydantic's ValidationError."""
    plain = {
        "id": name,
        "name": name,
        "advertiser": {"name": name, "domain": "advertiser.example"},
        "creatives": [_CREATIVE],
    }
    return Campaign.model_validate({**plain, **document})


def campaign(name: str, document: Mapping[str, Any], scale: float) -> Campaign:
    """The campaign of a document, with budgets and goals multiplied by `scale`. Raises InvalidScenario."""
    try:
        whole = whole_campaign(name, document)
    except ValidationError as error:
        raise InvalidScenario("\n".join(f"campaign {name}: {fault}" for fault in faults(error, "campaign"))) from None
    amounts = {field: getattr(whole.budget, field) for field in _MONEY}
    scaled = {field: max(1, round(amount * scale)) for field, amount in amounts.items() if amount is not None}
    return whole.model_copy(update={"budget": Budget(**scaled, pacing=whole.budget.pacing)})
