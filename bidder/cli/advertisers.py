"""`bidder advertisers`: prints and deletes the limits of advertisers. `bidder campaigns import` sets the limits."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.file_form import document_text
from bidder.cli.output import print_json, print_table
from bidder.cli.refresh import publish_refresh
from bidder.cli.spend_text import spend_text
from bidder.delivery.budget import Spend
from bidder.events.advertiser_spend import spends_of_advertisers
from bidder.money import display
from bidder.service.service import Service

_HEAD = ("advertiser", "time zone", "today", "daily budget", "in all", "total budget")


def list_advertisers(service: Service, *, as_json: bool) -> None:
    """Prints the advertisers that have limits, by domain, with the spend of their campaigns."""
    advertisers = service.advertisers.all()
    spends = _spends(service, advertisers, datetime.now(UTC))
    if as_json:
        print_json([_record(limits, spends[limits.domain]) for limits in advertisers])
        return
    print_table(_HEAD, (_cells(limits, spends[limits.domain]) for limits in advertisers), left_aligned=2)


def show(service: Service, domain: str, *, as_json: bool) -> None:
    """Prints the limits of an advertiser, with spend and changes. Raises UnknownAdvertiser."""
    limits = service.advertisers.get(domain)
    spend = _spends(service, [limits], datetime.now(UTC))[domain]
    changes = list(service.advertisers.history(domain))
    if as_json:
        print_json({**_record(limits, spend), "changes": changes})
        return
    print(f"# {spend_text(spend)}")
    print(document_text(limits.model_dump(mode="json", exclude_defaults=True), indent=2))
    for change in changes:
        print(f"{change['at']}  {change['who']}  {document_text(change['after'])}")


def delete(service: Service, domain: str) -> None:
    """Deletes the limits of an advertiser; its campaigns bid on without them. Raises UnknownAdvertiser."""
    service.advertisers.delete(domain)
    print(f"the limits of {domain} are deleted; its campaigns are as before")
    publish_refresh(service)


def _spends(service: Service, advertisers: Sequence[AdvertiserLimits], now: datetime) -> dict[str, Spend]:
    """The spend of each advertiser's campaigns, by domain, including those deleted since the advertiser has limits."""
    members = service.pacing_store.members()
    zones = {limits.domain: dict(members.get(limits.domain, {})) for limits in advertisers}
    for campaign in service.campaigns.all():
        if campaign.advertiser.domain in zones:
            zones[campaign.advertiser.domain][campaign.id] = campaign.time_zone
    time_zones = {limits.domain: limits.time_zone for limits in advertisers}
    return spends_of_advertisers(time_zones, zones, service.ledger.numbers, now)


def _record(limits: AdvertiserLimits, spend: Spend) -> dict[str, object]:
    return {
        **limits.model_dump(mode="json", exclude_defaults=True),
        "time_zone": limits.time_zone,
        "daily_budget_micros": limits.budget.daily_micros,
        "total_budget_micros": limits.budget.total_micros,
        "spend_micros": spend.today_micros,
        "total_spend_micros": spend.total_micros,
    }


def _cells(limits: AdvertiserLimits, spend: Spend) -> tuple[str, ...]:
    daily, total = limits.budget.daily_micros, limits.budget.total_micros
    return (
        limits.domain,
        limits.time_zone,
        display(spend.today_micros),
        "no limit" if daily is None else display(daily),
        display(spend.total_micros),
        "no limit" if total is None else display(total),
    )
