"""Warnings of an import for ids that stand for another campaign than before: spend, caps and rates are kept by id."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bidder.aws.batches import batches_of
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.stored import Stored
from bidder.money import display
from bidder.service.service import Service

_READ_AT_ONCE = 100
_NEW_ID = "a new id begins with nothing spent"


def reused_ids(service: Service, campaigns: Iterable[Campaign]) -> Iterator[str]:
    """A line for each campaign that has spent, and was deleted or gets another advertiser."""
    for batch in batches_of(campaigns, _READ_AT_ONCE):
        states = service.campaigns.states([campaign.id for campaign in batch])
        changed = {campaign.id: text for campaign in batch if (text := _change(campaign, states[campaign.id]))}
        if not changed:
            continue
        now = datetime.now(UTC)
        spends = service.ledger.spends(dict.fromkeys(changed, now))
        for campaign_id, text in changed.items():
            spend = spends.get(campaign_id)
            if spend is not None and (spent := spend.with_invalid().total_micros):
                yield f"{campaign_id} {text.format(spent=display(spent))}"


def _change(campaign: Campaign, stored: Stored) -> str:
    """The change of the campaign that an id stands for, with a field `spent`; empty without such a change."""
    before = stored.campaign
    if before is None:
        return (
            "was deleted. Its spend of {spent} counts against the budgets of the imported campaign, and its frequency"
            f" caps and learned rates continue: {_NEW_ID}"
            if stored.version
            else ""
        )
    if not before.is_of_advertiser(campaign.advertiser.domain):
        domains = f"from {before.advertiser.domain} to {campaign.advertiser.domain}"
        return f"changes its advertiser {domains}. Its spend of {{spent}} counts for the budgets of both: {_NEW_ID}"
    return ""
