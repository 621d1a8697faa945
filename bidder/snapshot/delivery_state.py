"""The delivery state: the small part of a snapshot that changes every minute."""

import json
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from bidder.campaigns.campaign import Campaign, FrequencyCap
from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend, Withheld, remaining_micros, withheld
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.participation import WHOLE, AuctionDraw
from bidder.delivery.quality import DeviceClasses
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets
from bidder.delivery.win_model import Shading, WinModel
from bidder.delivery.zones import Clocks, clocks
from bidder.money import ACCOUNT_CURRENCY, MICROS, Rate
from bidder.normal_forms import identifier
from bidder.snapshot import sets
from bidder.snapshot.bucket_sets import BucketSets, bucket_sections
from bidder.snapshot.container import BadSnapshot, pack, unpack
from bidder.snapshot.index import Index
from bidder.snapshot.predictions import Predictions, pack_predictions, unpack_predictions
from bidder.snapshot.quality_classes import (
    Classes,
    Quality,
    QualityClasses,
    classes_of,
    load_quality,
    parse_device_classes,
    quality_sections,
)
from bidder.snapshot.sets import Set
from bidder.snapshot.shared_accounts import (
    SECTION,
    DealBudget,
    SharedAccounts,
    load_shared,
    reason_of_advertiser,
    shared_section,
)
from bidder.snapshot.used_up import BURST, PER_MINUTE, load_allowance, used_up_sets

KIND = "delivery"
_SHARE = "share"
_UNPACED = {_SHARE: WHOLE, BURST: Allowance.NO_LIMIT, PER_MINUTE: Allowance.NO_LIMIT}
"""The columns of paces, in the order of the fields of `Pace`, with the values of a campaign without one."""
_REASONS: tuple[Withheld | None, ...] = (None, *Withheld)
"""The reasons by their code in the column `withheld`. Append only: stored objects have the codes."""


class DeliveryState(NamedTuple):
    """The campaigns that may bid: `eligible_campaigns` has the set of their positions for each tier of the index.

    `used_up_campaigns` has for each tier the campaigns whose `allowance` this process has used up.
    """

    index_id: str
    as_of: datetime
    eligible_campaigns: tuple[Set, ...]
    used_up_campaigns: list[Set]
    allowance: Allowance
    rates: Mapping[str, Rate]
    """Micros of the account currency for one unit of a currency, by ISO-4217 code, the account currency included."""
    predictions: Predictions
    clocks: Clocks
    """The offsets from UTC of the campaigns' time zones."""
    billed_by_notice: frozenset[str]
    """The exchanges that charge by the billing notice, not by the impression."""
    buckets: BucketSets | None
    """The campaigns that can take part in auctions, by their bucket; None if no campaign is paced."""
    shares: "array[int] | None"
    """Each campaign's share of auctions (`bidder.delivery.participation`), by position."""
    devices: DeviceClasses
    """The class of device types by outcome."""
    quality: QualityClasses | None
    """The shares of campaigns with a goal by the class of an auction; None if the best-predicted are not kept."""
    shading: Shading | None
    """The win models of bid shading; None if no bid is shaded."""
    shared_accounts: SharedAccounts | None
    """The budgets of advertisers and deals; None without any."""
    caps: Mapping[str, tuple[FrequencyCap, ...]]
    """The frequency caps of advertisers, by domain."""
    used_up_accounts: set[int]
    """The accounts of the allowance that this process has used up, or that rest until their pace allows a bid."""
    reason_codes: memoryview
    """The code of each campaign's reason for no bids, by position."""

    def for_another_process(self, index: Index) -> "DeliveryState":
        """A copy of the state with the whole allowance unused, as another process loads it."""
        campaigns, accounts, use_up, restore = used_up_sets(index, self.shared_accounts)
        allowance = self.allowance.copy(use_up, restore)
        return self._replace(used_up_campaigns=campaigns, used_up_accounts=accounts, allowance=allowance)

    def takes_part(self, position: int, campaign_id: str, draw: AuctionDraw, classes: Classes | None) -> bool:
        """Whether pacing lets a campaign take part in an auction of these quality classes."""
        share = self.share(position, classes)
        return share >= WHOLE or draw.draw_for(campaign_id) < share

    def share(self, position: int, classes: Classes | None) -> int:
        """The share of the auctions of these quality classes that a campaign takes part in."""
        if self.shares is None:
            return WHOLE
        class_share = None if self.quality is None or classes is None else self.quality.share(position, classes)
        return self.shares[position] if class_share is None else class_share

    def classes(self, device: int) -> Classes | None:
        """The quality classes of an auction on a type of device; None if the best-predicted are not kept."""
        return None if self.quality is None else self.quality.classes(device)

    def device_classes(self, device: int) -> Classes | None:
        """The class of a type of device for each outcome; None if no type is apart from the others."""
        return classes_of(self.devices, device) if self.devices else None

    def participants(self, tier: int, bucket: int, classes: Classes | None) -> Set | None:
        """The campaigns of a tier that can take part in the auctions of a bucket; None if no campaign is paced."""
        if self.quality is not None and classes is not None:
            return self.quality.participants(tier, bucket, classes)
        return None if self.buckets is None else self.buckets.participants(tier, bucket)

    def pacing_advertiser(self, position: int) -> str | None:
        """The domain of the advertiser whose budget sets the share of a campaign; None if its own budget does."""
        if self.shared_accounts is None or self.shares is None:
            return None
        account = self.shared_accounts.advertiser_accounts.get(position)
        if account is None or self.shared_accounts.share(account) > self.shares[position]:
            return None
        return self.shared_accounts.domains[account]

    def with_caps_of_advertiser(self, campaign: Campaign) -> Campaign:
        """The campaign with its own frequency caps and those of its advertiser."""
        caps = self.caps.get(campaign.advertiser.domain) if self.caps else None
        if not caps:
            return campaign
        return campaign.model_copy(update={"frequency_caps": (*campaign.frequency_caps, *caps)})

    def accounts(self, position: int, campaign_id: str, deal_id: str | None) -> tuple[int, ...]:
        """The accounts of the allowance that pay for a bid: of the campaign, its advertiser and the deal."""
        if self.shared_accounts is None:
            return (position,)
        advertiser = self.shared_accounts.advertiser_accounts.get(position)
        deal = None if deal_id is None else self.deal_budget(campaign_id, identifier(deal_id))
        return (
            position,
            *(() if advertiser is None else (advertiser,)),
            *(() if deal is None else (deal.account,)),
        )

    def holder(self, account: int) -> str | None:
        """The name of the advertiser or the deal of an account; None for the account of a campaign."""
        return None if self.shared_accounts is None else self.shared_accounts.holders.get(account)

    @property
    def has_deal_budgets(self) -> bool:
        """Whether any deal of a campaign has a budget."""
        return self.shared_accounts is not None and bool(self.shared_accounts.deal_budgets)

    def deal_budget(self, campaign_id: str, deal_id: str) -> DealBudget | None:
        """The budget of a deal of a campaign, by the deal's id in its normal form; None without one."""
        if self.shared_accounts is None:
            return None
        return self.shared_accounts.deal_budgets.get(campaign_id, {}).get(deal_id)

    def takes_part_in_deal(self, budget: DealBudget, draw: AuctionDraw) -> bool:
        """Whether the budget of a deal lets the campaign bid in the deal."""
        if budget.withheld is not None or budget.account in self.used_up_accounts:
            return False
        return budget.share >= WHOLE or draw.draw_for(budget.holder) < budget.share

    def bidding_campaigns(self, tier: int) -> Set:
        """The eligible campaigns of a tier whose allowance is not used up."""
        eligible, used_up = self.eligible_campaigns[tier], self.used_up_campaigns[tier]
        return sets.without(eligible, used_up) if used_up else eligible

    def withheld(self, position: int) -> Withheld | None:
        """The reason why a campaign may not bid, or None."""
        return _REASONS[self.reason_codes[position]]

    def withheld_counts(self) -> dict[Withheld, int]:
        """The number of campaigns that may not bid, by reason. Replaced forms of campaigns are not counted."""
        codes = bytes(self.reason_codes)
        counts = {reason: codes.count(code) for code, reason in enumerate(_REASONS) if reason is not None}
        return {reason: count for reason, count in counts.items() if count and reason is not Withheld.REPLACED}

    @property
    def campaign_count(self) -> int:
        """The number of campaigns, without replaced and deleted forms, which the index still has."""
        return self.count + sum(self.withheld_counts().values())

    @property
    def count(self) -> int:  # type: ignore[override]  # hides a method of tuples
        """The number of campaigns that may bid."""
        return sum(map(sets.count, self.eligible_campaigns))


def compile_delivery(
    index: Index,
    spends: Mapping[str, Spend],
    as_of: datetime,
    rates: Mapping[str, Rate] | None = None,
    counts: Mapping[tuple[str, str], OutcomeCounts] | None = None,
    latest_limits: Mapping[str, BudgetLimits] | None = None,
    billed_by_notice: Collection[str] = (),
    unread_lists: Iterable[str] = (),
    paces: Mapping[str, Pace] | None = None,
    reserved_micros: Mapping[str, int] | None = None,
    shading: Shading | None = None,
    shared_budgets: SharedBudgets | None = None,
    quality: Quality | None = None,
) -> bytes:
    """The delivery object of this index: eligibility and allowances by the spend at `as_of`, with currency rates.

    `counts` are outcomes of impressions, by campaign id and creative id. `latest_limits` has limits that replace the
    limits in the index, by campaign id. `billed_by_notice` are names of exchanges. `unread_lists` are the names of id
    lists that can't be read: a campaign that targets such a list does not bid. `paces` has the pace of each paced
    campaign, by id, and `reserved_micros` the micros of bids in flight. `shading` is None if no bid is shaded.
    `shared_budgets` are the budgets of advertisers and deals. `quality` keeps the best-predicted impressions; None is
    no difference among them.
    """
    shared_budgets = shared_budgets or SharedBudgets()
    positions_by_advertiser = index.positions_of_advertisers(shared_budgets.advertisers.keys())
    advertiser_budgets = dict[int, SharedBudget]()
    for domain, positions in positions_by_advertiser.items():
        advertiser_budgets |= dict.fromkeys(positions, shared_budgets.advertisers[domain])
    unread_positions = {position for name in unread_lists for position in index.lists.get(name, ())}
    reasons = bytearray(len(index))
    allowances = array("q")
    reserved_by_campaign = reserved_micros or {}
    for position, reason, budget_left in _states(index, spends, latest_limits or {}):
        budget, cost = advertiser_budgets.get(position), index.cost(position)
        reason = reason or reason_of_advertiser(budget, cost, as_of.timestamp())
        reasons[position] = _REASONS.index(reason or (Withheld.LIST if position in unread_positions else None))
        is_limited = bool(reserved_by_campaign) and budget_left is not None
        reserved = reserved_by_campaign.get(index.campaign_id(position), 0) if is_limited else 0
        allowances.append(Allowance.NO_LIMIT if budget_left is None else max(0, budget_left - reserved))
    rates = rates or {}
    caps = {domain: _write_caps(domain_caps) for domain, domain_caps in shared_budgets.caps.items()}
    meta = {
        "index": index.id,
        "as_of": as_of.isoformat(),
        "rates": {**{code: rate for code, rate in rates.items() if isinstance(rate, int)}, ACCOUNT_CURRENCY: MICROS},
        "finer_rates": {code: str(rate) for code, rate in rates.items() if not isinstance(rate, int)},
        "clocks": clocks(index.targeted_ranges.zones, as_of),
        "billed_by_notice": sorted(billed_by_notice),
        **({"shading": shading} if shading else {}),
        **({"devices": quality.devices} if quality else {}),
        **({"caps": caps} if caps else {}),
    }
    sections = {
        "meta": json.dumps(meta, sort_keys=True).encode(),
        "withheld": bytes(reasons),
        "left": allowances.tobytes(),
        "predictions": pack_predictions(counts or {}, index.learners()),
        **_pace_sections(index, paces or {}),
        **shared_section(index, shared_budgets, positions_by_advertiser),
        **quality_sections(index, paces or {}, quality),
    }
    return pack(KIND, sections)


def load_delivery(data: bytes, index: Index) -> DeliveryState:
    """Reads a delivery object. Raises BadSnapshot, also if the object belongs to another index."""
    sections = unpack(KIND, data)
    meta = json.loads(bytes(sections["meta"]))
    reason_codes = sections["withheld"]
    if meta["index"] != index.id or len(reason_codes) != len(index):
        msg = f"delivery: belongs to index {meta['index']}, not to {index.id}"
        raise BadSnapshot(msg)
    shared_accounts = load_shared(sections.get(SECTION), len(index))
    used_up_campaigns, used_up_accounts, use_up, restore = used_up_sets(index, shared_accounts)
    as_of = datetime.fromisoformat(meta["as_of"])
    tiers = index.tiers_by_number
    devices = parse_device_classes(meta.get("devices", {}))
    buckets = BucketSets(sections, tiers) if _SHARE in sections else None
    return DeliveryState(
        index_id=index.id,
        as_of=as_of,
        eligible_campaigns=tuple(
            sets.find_unmarked(reason_codes[tier.start : tier.start + tier.count], tier.size) for tier in tiers
        ),
        used_up_campaigns=used_up_campaigns,
        allowance=load_allowance(sections, index, shared_accounts, use_up, restore, as_of),
        rates={**{code: Decimal(rate) for code, rate in meta.get("finer_rates", {}).items()}, **meta["rates"]},
        predictions=unpack_predictions(bytes(sections["predictions"]) if "predictions" in sections else None),
        clocks={zone: [(since, offset) for since, offset in rows] for zone, rows in meta.get("clocks", {}).items()},
        billed_by_notice=frozenset(meta.get("billed_by_notice", ())),
        buckets=buckets,
        devices=devices,
        quality=load_quality(sections, tiers, devices, buckets),
        shares=array("q", bytes(sections[_SHARE])) if _SHARE in sections else None,
        shading=_parse_shading(meta.get("shading")),
        shared_accounts=shared_accounts,
        caps={domain: tuple(map(FrequencyCap.model_validate, caps)) for domain, caps in meta.get("caps", {}).items()},
        used_up_accounts=used_up_accounts,
        reason_codes=reason_codes,
    )


def _pace_sections(index: Index, paces: Mapping[str, Pace]) -> dict[str, bytes]:
    """The columns of paces and the sets of campaigns by bucket; none where no campaign of the index is paced."""
    shares: dict[int, int] = {}
    columns = {name: array("q", [value]) * len(index) for name, value in _UNPACED.items()}
    for campaign_id, pace in paces.items():
        position = index.position(campaign_id)
        if position is not None:
            shares[position] = pace.share
            for name, value in zip(_UNPACED, pace, strict=True):
                columns[name][position] = value
    if not shares:
        return {}
    return {
        **{name: column.tobytes() for name, column in columns.items()},
        **bucket_sections(shares, index.tiers_by_number, index.campaign_id),
    }


def _write_caps(caps: Iterable[FrequencyCap]) -> list[dict[str, Any]]:
    return [cap.model_dump(mode="json", exclude_defaults=True) for cap in caps]


def _parse_shading(fields: Sequence[Any] | None) -> Shading | None:
    if fields is None:
        return None
    models, explored = fields
    return Shading({segment: WinModel(*model) for segment, model in models.items()}, explored)


def _states(
    index: Index, spends: Mapping[str, Spend], latest_limits: Mapping[str, BudgetLimits]
) -> Iterator[tuple[int, Withheld | None, int | None]]:
    """Each campaign's position, the reason why it may not bid, and its remaining budget in micros."""
    no_spend = Spend()
    replaced_ids: set[str] = set()
    newer_ids_by_part: list[frozenset[str]] = []
    for part in reversed(index.parts):
        newer_ids_by_part.append(frozenset(replaced_ids))
        if part.start:
            replaced_ids |= part.removed_ids
            replaced_ids.update(map(part.columns.id, range(len(part))))
    for part, newer_ids in zip(index.parts, reversed(newer_ids_by_part), strict=True):
        for offset, limits in enumerate(part.columns.limits()):
            campaign_id = part.columns.id(offset)
            spend = spends.get(campaign_id, no_spend)
            current_limits = latest_limits.get(campaign_id, limits)
            reason = Withheld.REPLACED if campaign_id in newer_ids else withheld(current_limits, spend)
            yield part.start + offset, reason, remaining_micros(current_limits, spend)
