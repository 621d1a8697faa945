"""`bidder campaigns health [ID]`: plan, spend, projection and the reasons of shortfalls, as text or JSON."""

from datetime import UTC, datetime

from bidder.campaigns.repository import UnknownCampaign
from bidder.cli.output import print_json, print_table
from bidder.delivery.budget import Spend, budget_limits
from bidder.delivery.budget_holders import advertiser_holder
from bidder.delivery.health import AccountState, Health, health
from bidder.delivery.pacing import Memory
from bidder.delivery.price_segment import ALL_AUCTIONS
from bidder.delivery.win_model import fit_models
from bidder.delivery.zones import local
from bidder.money import display
from bidder.service.service import Service

_HEAD = ("campaign", "budget", "plan", "spent", "will spend", "of", "participation")


def print_health(service: Service, campaign_id: str | None, *, as_json: bool) -> None:
    """Prints the health of the campaigns with a budget. Raises UnknownCampaign."""
    healths = campaign_healths(service, campaign_id, datetime.now(UTC))
    if as_json:
        print_json([_record(name, campaign_health) for name, campaign_health in healths.items()])
        return
    rows = [
        (
            name,
            outlook.goal.replace("_", " "),
            display(outlook.planned),
            display(outlook.spent),
            display(outlook.projected),
            display(outlook.limit),
            f"{100 * campaign_health.participation:.1f} %",
        )
        for name, campaign_health in healths.items()
        for outlook in campaign_health.outlooks
    ]
    print_table(_HEAD, rows, left_aligned=2)
    for name, campaign_health in healths.items():
        for short in campaign_health.shortfalls:
            print(f"{name}: {short.reason} keeps back {display(short.micros)}: {short.advice}")


def campaign_healths(service: Service, campaign_id: str | None, now: datetime) -> dict[str, Health]:
    """The health of each campaign that has a budget with a period, by id. Raises UnknownCampaign."""
    campaigns = [campaign for campaign in service.campaigns.all() if campaign_id is None or campaign.id == campaign_id]
    if campaign_id is not None and not campaigns:
        raise UnknownCampaign(campaign_id)
    spends = service.ledger.spends({campaign.id: local(now, campaign.time_zone) for campaign in campaigns})
    if service.current_parameters.read_without_secrets().invalid_traffic_counts:  # as the refresh counts
        spends = {name: spend.with_invalid() for name, spend in spends.items()}
    account, learned = service.pacing_store.read()
    model = fit_models(service.learning.outcomes(now)).get(ALL_AUCTIONS)
    at = now.timestamp()
    healths = {}
    for campaign in sorted(campaigns, key=lambda campaign: campaign.id):
        limits = budget_limits(campaign)
        if limits.is_limited:
            memory = account.memories.get(campaign.id) or Memory(participation=1.0)
            forecast = learned.forecast(campaign.id, limits.zone, at)
            of_advertiser = account.memories.get(advertiser_holder(campaign.advertiser.domain))
            beside = AccountState(of_advertiser.participation if of_advertiser else 1.0, account.requests, model)
            healths[campaign.id] = health(limits, spends.get(campaign.id, Spend()), memory, forecast, at, beside)
    return healths


def _record(name: str, campaign_health: Health) -> dict[str, object]:
    return {
        "id": name,
        "participation": round(campaign_health.participation, 6),
        "budgets": [
            {
                "goal": outlook.goal,
                "limit_micros": outlook.limit,
                "plan_micros": outlook.planned,
                "spent_micros": outlook.spent,
                "projected_micros": outlook.projected,
                "ends": datetime.fromtimestamp(outlook.ends, UTC).isoformat(),
            }
            for outlook in campaign_health.outlooks
        ],
        "shortfalls": [short._asdict() for short in campaign_health.shortfalls],
    }
