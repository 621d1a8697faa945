"""A campaign, which is one line item: advertiser, creatives, targeting, price, budget and flight."""

from collections import Counter
from datetime import datetime
from enum import StrEnum
from math import floor
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bidder.campaigns.budget import Budget
from bidder.campaigns.creative import Creative
from bidder.campaigns.deal import CampaignDeal
from bidder.campaigns.goal import Goal, Outcome, Rotation
from bidder.campaigns.multipliers import Multipliers, highest
from bidder.campaigns.targeting import Expression, Targeting, Word
from bidder.campaigns.types import GAP_PATTERN, WINDOW_PATTERN, Bundle, Category, Domain, Id, Zone
from bidder.money import Micros, Priced
from bidder.normal_forms import with_parent_domains


class Status(StrEnum):
    """The status that the owner sets. An active campaign bids only within its flight and budget."""

    ACTIVE = "active"
    PAUSED = "paused"


def _is_written_out(value: object) -> object:
    if isinstance(value, int | float) or (isinstance(value, str) and value.strip().lstrip("+-").isdecimal()):
        msg = f"{str(value)[:40]!r} is not a time such as 2026-11-01T00:00:00Z"
        raise ValueError(msg)
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_is_written_out)]
"""A time with its zone. A number is an error, since pydantic would read it as seconds since 1970."""


class Flight(BaseModel):
    """The flight of a campaign: from `start` up to, but not including, `end`. None is no limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    start: Moment | None = None
    end: Moment | None = None

    def covers(self, now: datetime) -> bool:
        """Whether the flight includes this time."""
        return (self.start is None or self.start <= now) and (self.end is None or now < self.end)


class Advertiser(BaseModel):
    """The advertiser, and its domain, which exchanges check (`adomain`).

    `owner` is the registered part of the domain, below a public suffix such as co.uk; an import of a file fills it in.
    `bundle` is the advertised app, if there is one. `on_behalf_of` and `paid_by` are for the EU's Digital Services Act:
    the beneficiary and the payer of the ads, if they differ from the advertiser `name`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    domain: Domain
    owner: Domain = ""
    bundle: Bundle | None = None
    on_behalf_of: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    paid_by: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _owner_is_part_of_the_domain(self) -> Self:
        if not self.owner:
            object.__setattr__(self, "owner", with_parent_domains(self.domain)[-2:][0])
        elif not f".{self.domain}".endswith(f".{self.owner}"):
            msg = f"{self.owner} is not a part of {self.domain}"
            raise ValueError(msg)
        return self


class CapLevel(StrEnum):
    """The level at which a frequency cap counts impressions: campaign, advertiser or creative."""

    CAMPAIGN = "campaign"
    ADVERTISER = "advertiser"
    CREATIVE = "creative"


class CapSubject(StrEnum):
    """The subject of a frequency cap: a user or a household."""

    USER = "user"
    HOUSEHOLD = "household"


class OnUnknown(StrEnum):
    """The behaviour of a campaign with frequency caps where the exposures of the viewer are unknown."""

    BID = "bid"
    SKIP = "skip"


LONGEST_SECONDS = 30 * 86_400
"""The longest rolling window and the longest `min_gap`."""
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def duration_seconds(text: str) -> int:
    """The seconds of a duration such as `90s`, `30m`, `6h` or `7d`."""
    return int(text[:-1]) * _UNITS[text[-1]]


def _is_short_enough(text: str) -> str:
    if text[0].isdigit() and duration_seconds(text) > LONGEST_SECONDS:
        msg = f"{text} is longer than 30d, the longest duration of a frequency cap"
        raise ValueError(msg)
    return text


Window = Annotated[
    str,
    Field(pattern=WINDOW_PATTERN),
    AfterValidator(_is_short_enough),
]
Gap = Annotated[str, Field(pattern=GAP_PATTERN), AfterValidator(_is_short_enough)]


class FrequencyCap(BaseModel):
    """The most impressions of a viewer in a window, the least time between two of them, or both.

    `window` is `hour`, `day`, `week` (from Monday on), `month`, each of the campaign's time zone, `lifetime`, or a
    rolling window such as `90s`, `30m`, `6h` or `7d`. `min_gap` is a duration in the same form. `level` is the counted
    entity: the campaign, its advertiser's domain, or each of its creatives. `per` is the counted subject.
    `time_zone` is the time zone of the window, if it is not the campaign's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    impressions: Annotated[int, Field(gt=0, le=1_000)] | None = None
    window: Window | None = None
    min_gap: Gap | None = None
    level: CapLevel = CapLevel.CAMPAIGN
    per: CapSubject = CapSubject.USER
    time_zone: Zone | None = None

    @model_validator(mode="after")
    def _limits(self) -> Self:
        if (self.impressions is None) != (self.window is None):
            msg = "give impressions and window together: the most impressions in the window"
            raise ValueError(msg)
        if self.impressions is None and self.min_gap is None:
            msg = "give impressions and window, or min_gap: a cap without them limits nothing"
            raise ValueError(msg)
        return self


class Campaign(Priced):
    """A campaign: one line item of an advertiser.

    In the open auction a campaign without a goal bids `cpm_micros`. A campaign with a goal bids the expected value of
    an impression, at most `max_cpm_micros`. The goal is `cpcv_micros` for each completed view, `cpc_micros` for each
    click, or `cpv_micros` for each view. `multipliers` raise and lower that bid. With none of these the campaign bids
    in deals only. In a deal the campaign bids the price in `deals`. With any goal, the campaign buys and pays
    impressions.

    Competitive separation: one answer has no other advertiser of a group that the campaign `competes_in`, and with
    `once_a_request` no other ad of the same advertiser.

    A request must meet the rules of `targeting` and, if there is one, the expression `where`. `time_zone`, a name of
    the IANA database, is the zone of the campaign's hours and days.

    `categories` are ids of the category taxonomy `cattax` (AdCOM List: Category Taxonomies). The import of a file adds
    their ancestors, and the descendants of the categories in targeting (`bidder.campaigns.categories`).
    A viewer who has reached one of the `frequency_caps` gets no bid. `on_unknown` decides where the exposures of a
    viewer are unknown: without an id or consent, or where the counts are not read in time.
    With `shading` the campaign bids below its price in first-price auctions, where the expected surplus is higher.
    `discloses_price` writes the bid's price into the markup (VAST Pricing), where the page and its viewers can read it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    status: Status = Status.ACTIVE
    advertiser: Advertiser
    categories: tuple[Category, ...] = ()
    cattax: Annotated[int, Field(gt=0)] = 1
    categories_above: dict[Category, tuple[str, ...]] = Field(default_factory=dict)
    categories_below: dict[Word, tuple[Word, ...]] = Field(default_factory=dict)
    cpm_micros: Micros | None = None
    cpcv_micros: Micros | None = None
    cpc_micros: Micros | None = None
    cpv_micros: Micros | None = None
    max_cpm_micros: Micros | None = None
    multipliers: Multipliers = Field(default_factory=dict)
    deals: tuple[CampaignDeal, ...] = ()
    budget: Budget = Budget.model_construct()
    flight: Flight = Flight.model_construct()
    discloses_price: bool = False
    shading: bool = True
    frequency_caps: Annotated[tuple[FrequencyCap, ...], Field(max_length=10)] = ()
    on_unknown: OnUnknown = OnUnknown.BID
    targeting: Targeting = Field(default_factory=dict)
    where: Expression | None = None
    time_zone: Zone = "UTC"
    rotation: Rotation = Rotation.EVEN
    competes_in: tuple[Word, ...] = ()
    once_a_request: bool = False
    creatives: Annotated[tuple[Creative, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _can_bid(self) -> Self:
        mistake = wrong_terms(self) or repeated_ids(self)
        if mistake:
            raise ValueError(mistake)
        return self

    @property
    def goal(self) -> Goal | None:
        """The outcome that the campaign values, and its value; None if it bids a fixed CPM."""
        for outcome, value in (
            (Outcome.COMPLETION, self.cpcv_micros),
            (Outcome.CLICK, self.cpc_micros),
            (Outcome.VIEW, self.cpv_micros),
        ):
            if value is not None:
                return Goal(outcome, value)
        return None

    @property
    def success(self) -> Outcome:
        """The outcome by which creatives are compared: the outcome of the goal, else a completed view."""
        return self.goal.outcome if self.goal else Outcome.COMPLETION

    def is_of_advertiser(self, domain: str) -> bool:
        """Whether the advertiser has this domain. An id that stands for two advertisers stands for two campaigns."""
        return self.advertiser.domain == domain

    @property
    def bids_openly(self) -> bool:
        """Whether the campaign bids in the open auction."""
        return self.cpm_micros is not None or self.goal is not None

    @property
    def has_household_cap(self) -> bool:
        """Whether a cap of the campaign counts by household."""
        return any(cap.per is CapSubject.HOUSEHOLD for cap in self.frequency_caps)

    @property
    def top_cpm_micros(self) -> int:
        """The highest possible bid as a CPM in micros. The index is sorted by it, and budgets reserve it."""
        return max([self.top_open_cpm_micros, *(deal.cpm_micros for deal in self.deals)])

    @property
    def top_open_cpm_micros(self) -> int:
        """The highest possible bid outside deals as a CPM in micros; 0 if the campaign bids in deals only."""
        if self.cpm_micros is None:
            return self.max_cpm_micros or 0
        multiplied = floor(self.cpm_micros * highest(self.multipliers)) if self.multipliers else self.cpm_micros
        return min(multiplied, self.max_cpm_micros or multiplied)


TERMS = ("cpm_micros", "cpcv_micros", "cpc_micros", "cpv_micros", "max_cpm_micros", "multipliers", "deals")
"""The fields that determine the bid of a campaign."""


def wrong_terms(campaign: Campaign) -> str | None:
    """Why the `TERMS` of a campaign do not allow a bid; None if they do."""
    worths = [name for name in ("cpm", "cpcv", "cpc", "cpv") if getattr(campaign, f"{name}_micros") is not None]
    if len(worths) > 1:
        return f"give one of {', '.join(worths)}: each sets the open-auction bid"
    if not worths and not campaign.deals:
        return "give cpm, a goal (cpcv, cpc or cpv) or deals: without any the campaign can never bid"
    if worths and worths != ["cpm"] and campaign.max_cpm_micros is None:
        return f"{worths[0]} needs max_cpm, the highest CPM that the campaign may bid"
    if not worths and (campaign.max_cpm_micros is not None or campaign.multipliers):
        return "max_cpm and multipliers apply to the open-auction bid, which needs cpm or a goal"
    return None


def repeated_ids(campaign: Campaign) -> str | None:
    """The message for ids that several creatives or several deals share; None if all are unique."""
    for kind, ids in (("creative", [c.id for c in campaign.creatives]), ("deal", [d.id for d in campaign.deals])):
        repeated = [name for name, times in Counter(ids).items() if times > 1]
        if repeated:
            return f"{kind} ids must be unique: {', '.join(repeated)}"
    return None


# The model is built at import, so that no request waits.
Campaign.model_rebuild()
