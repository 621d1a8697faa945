"""The scenario file of `bidder simulate`, field by field. Amounts are in whole units of the account currency."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from bidder.files.text import InvalidFile

Share = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(ge=0)]
"""Hours since the scenario's start."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = f"{name!r} is not a zone of the IANA database, such as Europe/Berlin"
        raise ValueError(msg) from None
    return name


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScenarioTraffic(_Model):
    """How many requests there are, and when."""

    requests_per_day: Annotated[float, Field(gt=0)] = 10_000_000
    """On an average day of the curve."""
    curve: list[Annotated[float, Field(ge=0)]] | None = None
    """Shares of traffic: 24 by hour of the day, or 168 by hour of the week from Monday at midnight on. They need not
    add up to 1. Without any, traffic is flat."""
    curve_file: str | None = None
    """Instead of `curve`: a CSV file with the columns region, weekday (1 is Monday), hour and share, relative to the
    scenario."""
    region: str | None = None
    """The region of `curve_file`."""
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """That of the curve's hours."""
    users: Annotated[int, Field(ge=0)] = 0
    """How many viewers there are, each drawn alike, for frequency caps. They are scaled like requests, so that each has
    as many requests as in the whole traffic. With 0 requests name no user."""

    @model_validator(mode="after")
    def _one_curve(self) -> Self:
        if self.curve is not None and self.curve_file is not None:
            msg = "give curve or curve_file, not both"
            raise ValueError(msg)
        if self.curve is not None and len(self.curve) not in {24, 168}:
            msg = f"curve has {len(self.curve)} shares: give 24, by hour of the day, or 168, by hour of the week"
            raise ValueError(msg)
        if self.curve is not None and not any(self.curve):
            msg = "curve has no traffic at all: one share at least is above 0"
            raise ValueError(msg)
        if self.curve_file is not None and self.region is None:
            msg = "curve_file needs region: the rows to take"
            raise ValueError(msg)
        return self


class Request(_Model):
    """A kind of request. `openrtb` is merged into a plain video request, so a kind states only what is its own."""

    weight: Annotated[float, Field(gt=0)] = 1
    price_factor: Annotated[float, Field(gt=0)] = 1
    """What the competitors' prices are multiplied by on requests of this kind."""
    openrtb: dict[str, Any] = Field(default_factory=dict)


class Competitor(_Model):
    """Another bidder: in a share of the auctions it bids a price that is log-normally distributed."""

    takes_part: Share = 1.0
    median_cpm: Annotated[float, Field(gt=0)]
    sigma: Annotated[float, Field(ge=0)] = 0.5
    """The standard deviation of the logarithm of the price."""


class ScenarioMarket(_Model):
    """Whom we bid against, and what a win costs."""

    at: Literal[1, 2] = 1
    """OpenRTB's auction type: 1 first price, 2 second price."""
    competitors: list[Competitor] = Field(default_factory=lambda: [Competitor(median_cpm=2.0, sigma=0.6)])
    drift_per_hour: Annotated[float, Field(gt=-1)] = 0.0
    """By which part the competitors' prices grow each hour."""
    shown: Share = 0.95
    """The share of wins that are shown: the others are never due."""
    viewed: Share = 0.7
    """The share of impressions whose first quartile is played."""
    tells_min_to_win: Share = 0.0
    """The share of wins and losses that come with the least price that would have won (`${AUCTION_MIN_TO_WIN}`)."""


class Notices(_Model):
    """How the notices of wins and impressions come back."""

    delay_seconds: Annotated[float, Field(ge=0)] = 20
    """The median delay of an impression after its bid."""
    delay_sigma: Annotated[float, Field(ge=0)] = 0.5
    """The standard deviation of the logarithm of the delay."""
    lost: Share = 0.0
    """The share of notices, of each kind, that never come."""
    duplicated: Share = 0.01
    """The share that come twice."""


class Environments(_Model):
    """The processes that bid: each has state of its own, as old as its snapshot."""

    count: Annotated[int, Field(gt=0)] = 20
    check_seconds: Annotated[float, Field(gt=0)] = 2
    """How long after a refresh a process holds the new snapshot, at most."""
    replaced_every_minutes: Annotated[float, Field(ge=0)] = 0
    """How long a process lives; 0 is for ever."""
    report_seconds: Annotated[float, Field(ge=0)] = 10
    """How long a process's counts of a minute are on their way to the refresh."""


class ScenarioEvent(_Model):
    """Something that happens at a time; `kind` says what:

    - `outage`: no requests for `minutes`.
    - `spike`: `factor` times the requests for `minutes`.
    - `edit`: `campaign` takes the fields of `change`, as a campaign file has them.
    - `refresh_stuck`: no refresh for `minutes`.
    - `prices`: the competitors' prices are multiplied by `factor` for `minutes`, or for good.
    - `notice_delay`: the median delay is `seconds` for `minutes`, or for good.
    - `notices_lost`: the share `share` of notices is lost for `minutes`, or for good.
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
            msg = "edit needs campaign, an id, and change, the fields that it takes"
            raise ValueError(msg)
        return self


class Copies(_Model):
    """Many campaigns of one form: `document` is a campaign, and copy number n has the id `<id>-<n>`.

    Their daily budgets are log-normally distributed around that of the document.
    """

    count: Annotated[int, Field(gt=0)]
    document: dict[str, Any]
    budget_sigma: Annotated[float, Field(ge=0)] = 0.0
    cpm_sigma: Annotated[float, Field(ge=0)] = 0.0


class Scenario(_Model):
    """A scenario. Only `campaigns` or `copies` must be given."""

    name: str = "scenario"
    seed: int = 1
    """The same seed and scenario give the same output, byte by byte."""
    start: AwareDatetime = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    """The simulated clock begins here: by default a Monday at midnight."""
    hours: Annotated[float, Field(gt=0, le=24 * 35)] = 24
    scale: Annotated[float, Field(gt=0, le=1)] = 0.02
    """The share of requests that are simulated. Budgets and goals are scaled alike, and results are scaled back."""
    traffic: ScenarioTraffic = ScenarioTraffic()
    requests: list[Request] = Field(default_factory=lambda: [Request()], min_length=1)
    market: ScenarioMarket = ScenarioMarket()
    notices: Notices = Notices()
    environments: Environments = Environments()
    refresh_seconds: Annotated[float, Field(gt=0)] = 60
    knows_traffic: bool = True
    """Whether the weekly curve and the number of opportunities are learned at the start, as after a week."""
    knows_rates: bool = True
    """Whether the win rate and the notice delay are learned at the start."""
    events: list[ScenarioEvent] = Field(default_factory=list)
    campaigns: list[dict[str, Any]] = Field(default_factory=list)
    """In the campaign file's own format. Fields that bids need and the simulator does not may be left out."""
    copies: list[Copies] = Field(default_factory=list)
    explored: Share = 0.0
    """The share of bids that explore prices; above 0 bids are shaded in first-price auctions."""
    beside: list[Literal["asap", "linkedin", "pid", "unshaded", "fixed_70", "oracle"]] = Field(default_factory=list)
    """What else to run on the same seed: no pacing at all, LinkedIn's throttle (KDD 2014), a plain PID controller; or
    our pacing without shading, with bids of 70 % of the value, or with the bid of who knows the market."""

    @model_validator(mode="after")
    def _has_campaigns(self) -> Self:
        if not self.campaigns and not self.copies:
            msg = "give campaigns or copies"
            raise ValueError(msg)
        return self


class InvalidScenario(InvalidFile):
    """The scenario can't be read; the message has a line for each mistake, with its position."""
