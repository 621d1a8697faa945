"""The refresh: it compiles campaigns, spend and learned rates into the next snapshot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bidder import log
from bidder.campaigns.names import too_long
from bidder.consumers.budget_holders import BudgetHolders
from bidder.delivery.budget import BudgetLimits, Spend, budget_limits, deal_limits
from bidder.delivery.budget_holders import deal_holder, in_words
from bidder.delivery.estimates import COMPLETE
from bidder.delivery.pacers import Confirmed, Paced, Traffic, off_plan, overspent, pace_campaigns
from bidder.delivery.quality import device_classes
from bidder.delivery.shared_budgets import SharedBudgets
from bidder.delivery.win_model import ENOUGH, Shading, models
from bidder.delivery.zones import local
from bidder.metrics import emf
from bidder.parameters import DEFAULTS
from bidder.service.service import Service
from bidder.snapshot.compile import compile_index
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.keys import DELIVERIES, INDEXES
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.part import Part, object_id
from bidder.snapshot.quality_classes import Quality

if TYPE_CHECKING:
    from bidder.campaigns.advertiser_limits import AdvertiserLimits
    from bidder.campaigns.campaign import Campaign

MOST_RECENT = 1000
"""The most changed campaigns in the second index object, or a twentieth of all campaigns if that is more.

With more changes the refresh compiles all campaigns anew.
"""


_SNAPSHOT_LIFE = timedelta(seconds=DEFAULTS.snapshot_hard_age)
PIN_WARN_AGE = timedelta(days=1)
"""Each refresh warns of a pin that is older. Edits of campaigns take no effect under a pin, and people forget pins."""


@dataclass(frozen=True)
class _Compiled:
    """A compiled index.

    `keys` are the S3 keys of its objects and `objects` the new objects by key. `revision` is the revision of the
    campaigns that it holds, and `base_revision` that of its first object.
    """

    index: Index
    keys: tuple[str, ...]
    objects: Mapping[str, bytes]
    revision: int
    base_revision: int


def publish_snapshot(service: Service, now: datetime) -> int:
    """Publishes the snapshot as of `now` and returns its version.

    It compiles only the campaigns that changed since the last full compilation. A refresh may run twice at once, late
    or again, and may stop anywhere: the store keeps the newest complete snapshot.
    """
    try:
        return _publish(service, now)
    except BadSnapshot as error:
        if not service.index_reader.forget():
            raise
        # S3 no longer holds the index that this process remembers
        log.warning("snapshot.refused", reason=str(error), then="the refresh reads or compiles the index anew")
        return _publish(service, now)


def _publish(service: Service, now: datetime) -> int:
    current = service.store.current()
    # A refresh that read a snapshot makes a newer version, even if the clock went back.
    version = max(int(now.timestamp() * 1000), current.version + 1 if current else 0)
    pinned = service.store.pinned()
    latest: Mapping[str, BudgetLimits] = {}
    taken_over = None if pinned is None else _taken_over(service, pinned.manifest)
    if pinned is None or taken_over is None:
        pinned, compiled = None, _compiled(service, current)
    else:
        compiled = taken_over
        latest = _latest_terms(service, pinned.manifest, compiled.index)
    limits = _limited(compiled.index, latest)
    spends = service.spent.spends(_clocks(limits, now))
    # without a campaign that bids by predictions, the counts of outcomes are not needed
    counts = service.learning.counts(now) if any(compiled.index.learners()) else {}
    lists = service.lists.published(compiled.index.lists, now) if compiled.index.lists else {}
    parameters = service.current_parameters.plain()
    if parameters.invalid_traffic_counts:
        spends = {name: spend.with_invalid() for name, spend in spends.items()}
    advertisers = service.advertisers.all()
    with_invalid = parameters.invalid_traffic_counts
    paced, shared = _paced(service, compiled.index, limits, latest, spends, advertisers, now, with_invalid=with_invalid)
    delivery = compile_delivery(
        compiled.index,
        spends,
        now,
        parameters.currency_rates,
        counts,
        latest,
        billed_by_notice=parameters.exchanges.billed_by_notice() if parameters.exchanges else frozenset(),
        unread=compiled.index.lists.keys() - lists.keys(),
        paces=paced.paces,
        reserved=paced.reserved,
        shading=_shading(service, parameters.shading_explored, now),
        shared=shared,
        quality=_quality(service, compiled.index, paced, now),
    )
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
        campaigns=len(compiled.index),
        bidding=load_delivery(delivery, compiled.index).count,
    )
    published = service.store.publish(manifest, {**compiled.objects, manifest.delivery: delivery}, now)
    log.event(
        "refresh",
        version=version,
        campaigns=manifest.campaigns,
        bidding=manifest.bidding,
        compiled=len(compiled.objects),
        pinned=manifest.pinned,
        published=published,
    )
    if pinned and pinned.since and now - pinned.since > PIN_WARN_AGE:
        since = pinned.since.isoformat(timespec="seconds")
        metric = emf(now, "SnapshotPinned", "over-a-day", version=str(pinned.manifest.version), since=since)
        log.warning("snapshot.pinned", **metric)
    return version


def _limited(index: Index, latest: Mapping[str, BudgetLimits]) -> dict[str, BudgetLimits]:
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


def _shading(service: Service, explored: float, now: datetime) -> Shading | None:
    """The win models of bid shading; None, and every bid is the full value, until enough outcomes are known."""
    if not explored:
        return None
    try:
        batches = service.learning.outcomes(now)
    except Exception as failure:  # on any failure of DynamoDB campaigns bid their full value
        log.warning("shading.unread", reason=type(failure).__name__, then="bids are not shaded")
        return None
    if sum(batch.outcomes.total for batch in batches) < ENOUGH:
        return None
    return Shading(models(batches, {now.hour, (now + _SNAPSHOT_LIFE).hour}), explored)


def _paced(
    service: Service,
    index: Index,
    of_campaigns: Mapping[str, BudgetLimits],
    latest: Mapping[str, BudgetLimits],
    spends: Mapping[str, Spend],
    advertisers: Sequence["AdvertiserLimits"],
    now: datetime,
    *,
    with_invalid: bool,
) -> tuple[Paced, SharedBudgets]:
    """One step of pacing for all campaigns, deals and advertisers with a budget.

    It uses the forecast alone if the traffic can't be read.
    """
    holders = BudgetHolders(index, advertisers, latest)
    if not of_campaigns and not holders.limits:
        return Paced({}, {}, {}, {}), SharedBudgets(caps=holders.caps)
    at = now.timestamp()
    account, learned = service.pacing_store.read()
    account.members = holders.with_former_members(account.members)
    of_holders = holders.spends(service.spent, account.members, now, with_invalid=with_invalid)
    limits = {**of_campaigns, **holders.limits}
    spends = {**spends, **of_holders}
    try:
        traffic = service.traffic_log.read(at)
    except Exception as failure:  # budgets hold without traffic counts
        log.warning("pacing.unread", reason=type(failure).__name__, then="campaigns are paced by the forecast")
        traffic = Traffic({})
    traffic = traffic._replace(reports={**traffic.reports, **holders.reports(traffic.reports)})
    learned.take(traffic.reports, at - COMPLETE)
    forecasts = {name: learned.forecast(name, limit.zone, at) for name, limit in limits.items()}
    confirmed = _confirmed(service, now)
    paced = pace_campaigns(limits.items(), spends, traffic, at, account, forecasts, confirmed)
    _tell(limits, spends, paced, now)
    learned.forget(limits)
    held = paced._replace(paces=holders.held_paces(paced.paces, account.memories))
    try:
        service.pacing_store.write(account, learned)
    except Exception as failure:  # one minute of learning is lost; this step's paces still hold
        log.warning("pacing.unwritten", reason=type(failure).__name__)
    return held, holders.shared(spends, paced)


def _quality(service: Service, index: Index, paced: Paced, now: datetime) -> Quality | None:
    """The classes of device types, for paced campaigns with a goal; None if no class is apart from the others."""
    if not any(index.learners()) or not paced.paces:
        return None
    try:
        classes = device_classes(service.learning.devices(now))
    except Exception as failure:  # then pacing treats all impressions of a campaign equally
        log.warning("quality.unread", reason=type(failure).__name__, then="pacing keeps impressions by chance alone")
        return None
    return Quality(classes, paced.opportunities) if classes else None


def _confirmed(service: Service, now: datetime) -> Confirmed:
    try:
        return service.learning.confirmed(now)
    except Exception as failure:  # without the counts, no notice counts as lost
        log.warning("pacing.unread", reason=type(failure).__name__, then="no notices count as lost")
        return Confirmed()


def _tell(limits: Mapping[str, BudgetLimits], spends: Mapping[str, Spend], paced: Paced, now: datetime) -> None:
    """Logs the campaigns above their budgets and off their plans, as metrics that alarms watch."""
    if names := overspent(limits, spends):
        log.event("delivery", **emf(now, "Overspend", "budget", len(names), campaigns=_first(names)))
    if names := off_plan(limits, paced.outlooks):
        log.event("delivery", **emf(now, "OffPlan", "spend", len(names), campaigns=_first(names)))


def _first(names: Sequence[str]) -> str:
    return ", ".join(map(in_words, names[:20]))


def _clocks(limits: Mapping[str, BudgetLimits], now: datetime) -> dict[str, datetime]:
    """The local time of each campaign, by campaign id."""
    clocks = {zone: local(now, zone) for zone in {each.zone for each in limits.values()}}
    return {name: clocks[each.zone] for name, each in limits.items()}


def _compiled(service: Service, current: Manifest | None) -> _Compiled:
    # read before the campaigns, so that an edit made meanwhile counts as a later change
    revision = service.campaigns.revision()
    index = _held(service, current)
    if current is None or index is None or current.base_revision is None:
        return _compiled_anew(service, revision)
    if current.revision == revision and current.pinned is None:
        return _Compiled(index, current.index, {}, revision, current.base_revision)
    base = index.parts[0]
    changed = service.campaigns.changes(current.base_revision)
    if changed is None or len(changed) > max(MOST_RECENT, len(base) // 20):
        return _compiled_anew(service, revision)
    campaigns = list(_sellable(service.campaigns.get_many(sorted(changed))))
    recent = compile_index(campaigns, removed=changed - {campaign.id for campaign in campaigns})
    keys = (current.index[0], INDEXES + object_id(recent))
    parts = [base, Part.load(recent, len(base))]
    return _Compiled(Index(parts), keys, {keys[1]: recent}, revision, current.base_revision)


def _compiled_anew(service: Service, revision: int) -> _Compiled:
    base = compile_index(_sellable(service.campaigns.all()))
    key = INDEXES + object_id(base)
    return _Compiled(Index.load([base]), (key,), {key: base}, revision, revision)


def _sellable(campaigns: "Iterable[Campaign]") -> "Iterator[Campaign]":
    """The campaigns whose event URLs are short enough. Imports refuse the others, but the table may hold old ones."""
    for campaign in campaigns:
        if advice := too_long(campaign):
            log.warning("campaign.left_out", campaign=campaign.id, reason=advice)
        else:
            yield campaign


def _taken_over(service: Service, pinned: Manifest) -> _Compiled | None:
    try:
        index = service.index_reader.read(pinned.index)
    except BadSnapshot as error:
        log.error("snapshot.pin", version=pinned.version, reason=f"{error}: the refresh ignores the pin")
        return None
    return _Compiled(index, pinned.index, {}, pinned.revision or 0, pinned.base_revision or 0)


def _latest_terms(service: Service, pinned: Manifest, index: Index) -> Mapping[str, BudgetLimits]:
    """The current budget limits of the campaigns that changed since a pinned index, by campaign id.

    A pin keeps the bids of its campaigns; a pause or a new budget takes effect at once. A deleted campaign is paused.
    """
    changed = None if pinned.base_revision is None else service.campaigns.changes(pinned.base_revision)
    campaigns: Iterable[Campaign]
    campaigns = service.campaigns.all() if changed is None else service.campaigns.get_many(sorted(changed))
    latest: dict[str, BudgetLimits] = {}
    for campaign in campaigns:
        latest[campaign.id] = budget_limits(campaign)
        latest |= {deal_holder(campaign.id, deal_id): limits for deal_id, limits in deal_limits(campaign).items()}
    pinned_ids = map(index.campaign_id, range(len(index))) if changed is None else changed
    return dict.fromkeys(pinned_ids, BudgetLimits(paused=True, total=None, daily=None, cost=0)) | latest


def _held(service: Service, current: Manifest | None) -> Index | None:
    """The index of the current manifest, or None if it can't be read. Objects that this process holds are reused."""
    if current is None:
        return None
    try:
        return service.index_reader.read(current.index)
    except BadSnapshot as error:
        log.warning("snapshot.refused", reason=str(error), then="the refresh compiles all campaigns anew")
        return None
