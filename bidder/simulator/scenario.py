"""The scenario file of `bidder simulate`, field by field. Amounts are in whole units of the account currency."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bidder.campaigns.types import A_ZONE
from bidder.delivery.zones import time_zone
from bidder.files.text import InvalidFile

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0)]
"""Hours since the scenario's start."""


def _known_zone(name: str) -> str:
    if time_zone(name) is None:
        msg = f"{name!r} is not {A_ZONE}"
        raise ValueError(msg)
    return name


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScenarioTraffic(_Model):
    """The number of requests over time."""

    requests_per_day: Annotated[float, Field(gt=0)] = 10_000_000
    """The requests of an average day."""
    curve: list[Annotated[float, Field(ge=0)]] | None = None
    """The relative traffic of 24 hours of the day, or of 168 hours of the week from Monday at midnight. The default is
    flat traffic."""
    curve_file: str | None = None
    """Instead of `curve`: the path, relative to the scenario file, of a CSV file with the columns region, weekday (1 is
    Monday), hour and share."""
    region: str | None = None
    """The region whose rows of `curve_file` are used."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """The time zone of the curve's hours."""
    users: Annotated[int, Field(ge=0)] = 0
    """The number of viewers, for frequency caps; each request has a random one. Viewers are scaled like requests, so a
    viewer has as many requests as in the whole traffic. With 0, requests have no user."""

    @model_validator(mode="after")
    def _one_curve(self) -> Self:
        if self.curve is not None and self.curve_file is not None:
            msg = "curve and curve_file can't be combined: give one of them"
            raise ValueError(msg)
        if self.curve is not None and len(self.curve) not in {24, 168}:
            msg = f"curve has {len(self.curve)} shares: give 24 (hours of the day) or 168 (hours of the week)"
            raise ValueError(msg)
        if self.curve is not None and not any(self.curve):
            msg = "curve has only zeros: give at least one share above 0"
            raise ValueError(msg)
        if self.curve_file is not None and self.region is None:
            msg = "curve_file needs region, which selects its rows"
            raise ValueError(msg)
        return self


class Request(_Model):
    """A kind of request. `openrtb` is merged into a plain video request, so a kind states only its differences."""

    weight: Annotated[float, Field(gt=0)] = 1
    price_factor: Annotated[float, Field(gt=0)] = 1
    """The factor on competitors' prices for requests of this kind."""
    openrtb: dict[str, Any] = Field(default_factory=dict)


class Competitor(_Model):
    """A competing bidder, which bids a log-normally distributed price in a share of the auctions."""

    takes_part: Share = 1.0
    median_cpm: Annotated[float, Field(gt=0)]
    sigma: Annotated[float, Field(ge=0)] = 0.5
    """The standard deviation of the logarithm of the price."""


class ScenarioMarket(_Model):
    """The competitors, and the outcome of wins."""

    at: Literal[1, 2] = 1
    """The auction type (OpenRTB 2.6, section 3.2.1): 1 is first price, 2 is second price."""
    competitors: list[Competitor] = Field(default_factory=lambda: [Competitor(median_cpm=2.0, sigma=0.6)])
    drift_per_hour: Annotated[float, Field(gt=-1)] = 0.0
    """The share by which the competitors' prices grow each hour."""
    shown: Share = 0.95
    """The share of wins that are shown. Other wins are never billed."""
    viewed: Share = 0.7
    """The share of impressions whose first quartile is played."""
    tells_min_to_win: Share = 0.0
    """The share of win and loss notices with the least winning price (`${AUCTION_MIN_TO_WIN}`)."""


class Notices(_Model):
    """The delays and losses of notices."""

    delay_seconds: Annotated[float, Field(ge=0)] = 20
    """The median seconds between a bid and its impression's notice."""
    delay_sigma: Annotated[float, Field(ge=0)] = 0.5
    """The standard deviation of the logarithm of the delay."""
    lost: Share = 0.0
    """The share of notices of each kind that are lost."""
    duplicated: Share = 0.01
    """The share of notices that arrive twice."""


class Environments(_Model):
    """The processes that bid. Each has its own state, which is as old as its snapshot."""

    count: Annotated[int, Field(gt=0)] = 20
    check_seconds: Annotated[float, Field(gt=0)] = 2
    """The most seconds between a refresh and the use of its snapshot in a process."""
    replaced_every_minutes: Annotated[float, Field(ge=0)] = 0
    """The lifetime of a process in minutes; 0 means unlimited."""
    report_seconds: Annotated[float, Field(ge=0)] = 10
    """The seconds until the counts of a process reach the refresh."""


class ScenarioEvent(_Model):
    """An event of a scenario. Its `kind` is one of:

    - `outage`: no requests for `minutes`.
    - `spike`: `factor` times the requests for `minutes`.
    - `edit`: the campaign `campaign` gets the fields of `change`, in the format of a campaign file.
    - `refresh_stuck`: no refresh for `minutes`.
    - `prices`: the competitors' prices are multiplied by `factor` for `minutes`, or until the end.
    - `notice_delay`: the median delay is `seconds` for `minutes`, or until the end.
    - `notices_lost`: the share `share` of notices is lost for `minutes`, or until the end.
    """

    at_hour: Hours
    kind: Literal["outage", "spike", "edit", "refresh_stuck", "prices", "notice_delay", "notices_lost"]
    minutes: Annotated[float, Field(gt=0)] | None = None
    factor: Annotated[float, Field(ge=0)] = 1.0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    share: Share = 0.0
    campaign: str | None = None
    change: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind in {"outage", "spike", "refresh_stuck"} and self.minutes is None:
            msg = f"{self.kind} needs minutes"
            raise ValueError(msg)
        if self.kind == "edit" and (self.campaign is None or not self.change):
            msg = "edit needs campaign (an id) and change (the new fields)"
            raise ValueError(msg)
        return self


class Copies(_Model):
    """Copies of one campaign: `document` is the campaign, and the copy number n has the id `<id>-<n>`.

    Daily budgets and CPMs are log-normally distributed around those of the document, with the given sigmas.
    """

    count: Annotated[int, Field(gt=0)]
    document: dict[str, Any]
    budget_sigma: Annotated[float, Field(ge=0)] = 0.0
    cpm_sigma: Annotated[float, Field(ge=0)] = 0.0


class Scenario(_Model):
    """A scenario. Only `campaigns` or `copies` is required."""

    name: str = "scenario"
    seed: int = 1
    """The seed of all random draws. The same seed and scenario give the same output, byte for byte."""
    start: AwareDatetime = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    """The start of the simulated clock; by default a Monday at midnight."""
    hours: Annotated[float, Field(gt=0, le=24 * 35)] = 24
    scale: Annotated[float, Field(gt=0, le=1)] = 0.02
    """The share of requests that are simulated. Budgets and goals are scaled by it, and results are scaled back."""
    traffic: ScenarioTraffic = ScenarioTraffic()
    requests: list[Request] = Field(default_factory=lambda: [Request()], min_length=1)
    market: ScenarioMarket = ScenarioMarket()
    notices: Notices = Notices()
    environments: Environments = Environments()
    refresh_seconds: Annotated[float, Field(gt=0)] = 60
    knows_traffic: bool = True
    """Whether pacing knows the weekly curve and the number of opportunities at the start, as after a week."""
    knows_rates: bool = True
    """Whether pacing knows the win rate and the notice delay at the start."""
    events: list[ScenarioEvent] = Field(default_factory=list)
    campaigns: list[dict[str, Any]] = Field(default_factory=list)
    """Campaigns in the format of a campaign file. Fields that the simulator does not need may be left out."""
    copies: list[Copies] = Field(default_factory=list)
    explored: Share = 0.0
    """The share of bids that explore prices. If it is above 0, bids in first-price auctions are shaded."""
    beside: list[Literal["asap", "linkedin", "pid", "unshaded", "fixed_70", "oracle"]] = Field(default_factory=list)
    """Other arms to run with the same seed. `asap` has no pacing, `linkedin` is LinkedIn's throttle (KDD 2014), `pid`
    is a plain PID controller. The others have the bidder's pacing: `unshaded` bids the value, `fixed_70` bids 70 % of
    the
    value, and `oracle` makes the best bid given the distribution of competing bids."""

    @model_validator(mode="after")
    def _has_campaigns(self) -> Self:
        if not self.campaigns and not self.copies:
            msg = "give campaigns or copies"
            raise ValueError(msg)
        return self


class InvalidScenario(InvalidFile):
    """The scenario file is invalid; the message has one line for each mistake, with its position."""
