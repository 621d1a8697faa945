"""The refresh: it compiles campaigns, spend and learned rates into the next snapshot."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bidder import log
from bidder.consumers.index_update import compiled_index, latest_limits, pinned_index
from bidder.consumers.learned_rates import quality, shading
from bidder.consumers.pacing_step import pace
from bidder.delivery.budget import BudgetLimits, counted_spends
from bidder.delivery.zones import local
from bidder.log import emf
from bidder.service.service import Service
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.keys import DELIVERIES
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.part import object_id
from bidder.snapshot.store import PinnedIndex

PIN_WARN_AGE = timedelta(days=1)
"""Each refresh warns of a pin that is older. Edits of campaigns take no effect under a pin, and people forget pins."""

_ATTEMPTS = 3
"""Two, as `publish_snapshot` explains, and one for a change of the switch of all bidding, which publishes the data of
the last snapshot again."""


def publish_snapshot(service: Service, now: datetime) -> int:
    """Publishes the snapshot as of `now` and returns its version.

    It compiles only the campaigns that changed since the last full compilation. A refresh may run twice at once, late
    or again, and may stop anywhere: the store keeps the newest complete snapshot.

    A refresh begins again if another one has published meanwhile. If that happens twice, the second of the other
    snapshots has data that were read after this refresh began, so this refresh is no longer needed.
    """
    for _ in range(_ATTEMPTS):
        version, is_published = _publish_with_known_index(service, now)
        if is_published:
            break
    return version


def _publish_with_known_index(service: Service, now: datetime) -> tuple[int, bool]:
    try:
        return _publish(service, now)
    except BadSnapshot as error:
        if not service.index_reader.forget():
            raise
        # S3 no longer holds the index that this process remembers
        log.warning("snapshot.refused", reason=str(error), then="the refresh reads or compiles the index anew")
        return _publish(service, now)


def _publish(service: Service, now: datetime) -> tuple[int, bool]:
    """Returns the version, and whether it is published: False if another refresh was quicker."""
    # read before campaigns and spend, so that only a snapshot of earlier data is replaced
    current = service.store.current()
    # A refresh that read a snapshot makes a newer version, even if the clock went back.
    version = max(int(now.timestamp() * 1000), current.version + 1 if current else 0)
    pinned = service.store.read_pinned()
    latest: Mapping[str, BudgetLimits] = {}
    taken_over = None if pinned is None else pinned_index(service, pinned.manifest)
    if pinned is None or taken_over is None:
        pinned, compiled = None, compiled_index(service, current)
    else:
        compiled = taken_over
        latest = latest_limits(service, pinned.manifest, compiled.index)
    limits = _select_limits(compiled.index, latest)
    billed = service.spend_reader.spends(_clocks(limits, now))
    # without a campaign that bids by predictions, the counts of outcomes are not needed
    counts = service.learning.counts(now) if any(compiled.index.learners()) else {}
    lists = service.lists.publish_copies(compiled.index.lists, now) if compiled.index.lists else {}
    parameters = service.current_parameters.read_without_secrets()
    advertisers = service.advertisers.all()
    with_invalid = parameters.invalid_traffic_counts
    paced, shared = pace(service, compiled.index, limits, latest, billed, advertisers, now, with_invalid=with_invalid)
    delivery = compile_delivery(
        compiled.index,
        counted_spends(billed, with_invalid=with_invalid),
        now,
        parameters.currency_rates,
        counts,
        latest,
        billed_by_notice=parameters.exchanges.billed_by_notice() if parameters.exchanges else frozenset(),
        unread_lists=compiled.index.lists.keys() - lists.keys(),
        paces=paced.paces,
        reserved_micros=paced.reserved,
        shading=shading(service, parameters.shading_explored, now),
        shared_budgets=shared,
        quality=quality(service, compiled.index, paced, now),
    )
    delivery_state = load_delivery(delivery, compiled.index)
    manifest = Manifest(
        version=version,
        index=compiled.keys,
        delivery=f"{DELIVERIES}{version}-{object_id(delivery)}",
        lists=lists,
        at=now,
        revision=compiled.revision,
        base_revision=compiled.base_revision,
        pinned=pinned.manifest.version if pinned else None,
        pinned_since=pinned.since if pinned else None,
        campaigns=delivery_state.campaign_count,
        bidding=delivery_state.count,
    )
    since = current.version if current else 0
    published = service.store.publish(manifest, {**compiled.objects, manifest.delivery: delivery}, now, since)
    _log_refresh(manifest, pinned, now, compiled=len(compiled.objects), published=published)
    return version, published


def _log_refresh(
    manifest: Manifest, pinned: PinnedIndex | None, now: datetime, *, compiled: int, published: bool
) -> None:
    """Logs the refresh; `compiled` is the number of new index objects. Warns of an old pin."""
    log.event(
        "refresh",
        version=manifest.version,
        campaigns=manifest.campaigns,
        bidding=manifest.bidding,
        compiled=compiled,
        pinned=manifest.pinned,
        published=published,
    )
    if pinned and pinned.since and now - pinned.since > PIN_WARN_AGE:
        since = pinned.since.isoformat(timespec="seconds")
        metric = emf(now, "SnapshotPinned", "over-a-day", version=str(pinned.manifest.version), since=since)
        log.warning("snapshot.pinned", **metric)


def _select_limits(index: Index, latest: Mapping[str, BudgetLimits]) -> dict[str, BudgetLimits]:
    """The limits of each campaign with a budget, by campaign id. Other campaigns are not paced, and need no spend.

    A campaign that changed is in two parts of the index. The later part has its current version.
    """
    limits: dict[str, BudgetLimits] = {}
    for part in index.parts:
        for position, compiled in enumerate(part.columns.limits()):
            campaign_id = part.columns.id(position)
            current = latest.get(campaign_id, compiled)
            if current.is_limited:
                limits[campaign_id] = current
            else:
                limits.pop(campaign_id, None)
    return limits


def _clocks(limits: Mapping[str, BudgetLimits], now: datetime) -> dict[str, datetime]:
    """The local time of each campaign, by campaign id."""
    clocks = {zone: local(now, zone) for zone in {each.zone for each in limits.values()}}
    return {name: clocks[each.zone] for name, each in limits.items()}
