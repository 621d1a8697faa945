"""The index of a refresh: compiled from the campaigns that changed, or anew, or taken over from a pinned snapshot."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bidder import log
from bidder.campaigns.names import too_long
from bidder.delivery.budget import BudgetLimits, budget_limits, deal_limits, with_budget_of
from bidder.delivery.budget_holders import deal_holder
from bidder.service.service import Service
from bidder.snapshot.compile import compile_index
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.index import Index
from bidder.snapshot.keys import INDEXES
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.part import Part, object_id

if TYPE_CHECKING:
    from bidder.campaigns.campaign import Campaign

MAX_RECENT = 1000
"""The most changed campaigns in the second index object, or a twentieth of all campaigns if that is more.

With more changes the refresh compiles all campaigns anew.
"""


@dataclass(frozen=True)
class CompiledIndex:
    """A compiled index.

    `keys` are the S3 keys of its objects and `objects` the new objects by key. `revision` is the revision of the
    campaigns that it holds, and `base_revision` that of its first object.
    """

    index: Index
    keys: tuple[str, ...]
    objects: Mapping[str, bytes]
    revision: int
    base_revision: int


def compiled_index(service: Service, current: Manifest | None) -> CompiledIndex:
    """The index of all campaigns.

    Compiles the campaigns that changed since the last full compilation; all campaigns if many changed.
    """
    # read before the campaigns, so that an edit made meanwhile counts as a later change
    revision = service.campaigns.revision()
    index = _read_current(service, current)
    if current is None or index is None or current.base_revision is None:
        return _compile_all(service, revision)
    if current.revision == revision and current.pinned is None:
        return CompiledIndex(index, current.index, {}, revision, current.base_revision)
    base = index.parts[0]
    changed = service.campaigns.changes(current.base_revision)
    if changed is None or len(changed) > max(MAX_RECENT, len(base) // 20):
        return _compile_all(service, revision)
    campaigns = list(_sellable(service.campaigns.get_many(sorted(changed))))
    recent = compile_index(campaigns, removed_ids=changed - {campaign.id for campaign in campaigns})
    keys = (current.index[0], INDEXES + object_id(recent))
    parts = [base, Part.load(recent, len(base))]
    return CompiledIndex(Index(parts), keys, {keys[1]: recent}, revision, current.base_revision)


def _compile_all(service: Service, revision: int) -> CompiledIndex:
    base = compile_index(_sellable(service.campaigns.all()))
    key = INDEXES + object_id(base)
    return CompiledIndex(Index.load([base]), (key,), {key: base}, revision, revision)


def _sellable(campaigns: "Iterable[Campaign]") -> "Iterator[Campaign]":
    """The campaigns whose event URLs are short enough. Imports refuse the others, but the table may hold old ones."""
    for campaign in campaigns:
        if advice := too_long(campaign):
            log.warning("campaign.left_out", campaign=campaign.id, reason=advice)
        else:
            yield campaign


def _read_current(service: Service, current: Manifest | None) -> Index | None:
    """The index of the current manifest, or None if it can't be read. Objects that this process holds are reused."""
    if current is None:
        return None
    try:
        return service.index_reader.read(current.index)
    except BadSnapshot as error:
        log.warning("snapshot.refused", reason=str(error), then="the refresh compiles all campaigns anew")
        return None


def pinned_index(service: Service, pinned: Manifest) -> CompiledIndex | None:
    """The index of a pinned snapshot, or None if it can't be read."""
    try:
        index = service.index_reader.read(pinned.index)
    except BadSnapshot as error:
        log.error("snapshot.pin", version=pinned.version, reason=f"{error}: the refresh ignores the pin")
        return None
    return CompiledIndex(index, pinned.index, {}, pinned.revision or 0, pinned.base_revision or 0)


def latest_limits(service: Service, pinned: Manifest, index: Index) -> Mapping[str, BudgetLimits]:
    """The current budget limits of the campaigns that changed since a pinned index, by campaign id.

    A pin keeps the bids of its campaigns; a pause or a new budget takes effect at once. The budget is counted by the
    price and the time zone of the pinned index, since bids have those. A campaign is paused if it is deleted, or if its
    id is now that of another advertiser's campaign, whose budget must not pay for the pinned one.
    """
    changed = None if pinned.base_revision is None else service.campaigns.changes(pinned.base_revision)
    campaigns: Iterable[Campaign]
    campaigns = service.campaigns.all() if changed is None else service.campaigns.get_many(sorted(changed))
    pinned_deals = index.deal_limits()
    latest: dict[str, BudgetLimits] = {}
    for campaign in campaigns:
        position = index.position(campaign.id)
        if position is None or not campaign.is_of_advertiser(index.advertiser(position)):
            continue
        latest[campaign.id] = with_budget_of(index.limits_of(position), budget_limits(campaign))
        for deal_id, limits in deal_limits(campaign).items():
            if (campaign.id, deal_id) in pinned_deals:
                current_limits = with_budget_of(pinned_deals[campaign.id, deal_id], limits)
                latest[deal_holder(campaign.id, deal_id)] = current_limits
    pinned_ids = map(index.campaign_id, range(len(index))) if changed is None else changed
    return dict.fromkeys(pinned_ids, BudgetLimits(is_paused=True, total=None, daily=None, cost=0)) | latest
