"""The refresh: campaigns and spend become the next snapshot."""

from datetime import datetime

from bidder import log
from bidder.endpoints.service import Service
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery import compile_delivery
from bidder.snapshot.index import Index


def rebuild(service: Service, now: datetime) -> int:
    """Publishes the snapshot of this moment and returns its version, in milliseconds since 1970.

    Run twice at once, late or again, it does no harm: the store keeps the newest.
    """
    version = int(now.timestamp() * 1000)
    campaigns = list(service.campaigns.all())
    spends = service.ledger.spends([campaign.id for campaign in campaigns], now.date())
    index = compile_index(campaigns)
    delivery = compile_delivery(Index.load([index]), spends, now, service.currency_rates())
    published = service.store.publish(version, [index], delivery)
    log.event("refresh", version=version, campaigns=len(campaigns), published=published)
    return version
