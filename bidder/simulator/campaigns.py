"""The campaigns of a scenario: documents as in a campaign file, with defaults for what does not matter here."""

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
_MONEY = ("total_micros", "daily_micros", "hourly_micros", "total_impressions", "daily_impressions")


def documents(scenario: Scenario) -> dict[str, dict[str, Any]]:
    """The campaigns' documents by id, copies among them. Raises InvalidScenario."""
    rng = Random(scenario.seed)  # noqa: S311  a repeatable draw, not a secret
    found = {str(document.get("id", f"campaign-{n}")): document for n, document in enumerate(scenario.campaigns)}
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
            found[name] = document
    return found


def campaign(name: str, document: dict[str, Any], scale: float) -> Campaign:
    """A campaign whose budgets and goals are scaled. Raises InvalidScenario."""
    plain = {
        "id": name,
        "name": name,
        "advertiser": {"name": name, "domain": "advertiser.example"},
        "creatives": [_CREATIVE],
    }
    try:
        whole = Campaign.model_validate({**plain, **document})
    except ValidationError as error:
        raise InvalidScenario("\n".join(f"campaign {name}: {fault}" for fault in faults(error, "campaign"))) from None
    amounts = {field: getattr(whole.budget, field) for field in _MONEY}
    scaled = {field: max(1, round(amount * scale)) for field, amount in amounts.items() if amount is not None}
    return whole.model_copy(update={"budget": Budget(**scaled, pacing=whole.budget.pacing)})
