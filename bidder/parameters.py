"""The parameters of the bidder, which may change while it runs: the values under a path of Parameter Store.

`docs/operations.md` lists them. The names of tables, buckets and topics are settings: see `bidder.settings`.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, ValidationError, model_validator

from bidder.currency import parse_rates
from bidder.events.claims import LONGEST_EXP
from bidder.events.exchange import UNKNOWN, Exchange, Exchanges
from bidder.events.price_keys import PriceKeys
from bidder.events.token import SigningKeys
from bidder.faults import dotted, in_words
from bidder.money import Rate
from bidder.snapshot.ages import Ages
from bidder.stitchers import NO_STITCHERS, Stitchers

SECRETS = frozenset({"signing-keys", "price-keys", "admin-key"})
"""The parameters that Parameter Store encrypts. No message quotes their values."""

MAX_LIFETIME = 600
"""The most seconds that `parameter-lifetime` may be."""

_NEVER_GUESSED = ("price-keys", "exchanges")
"""Parameters without a default for an invalid value: a default would bill bids by another rule than the agreed one."""
_AGES = ("snapshot-warn-age", "snapshot-hard-age")


def _name(field: str) -> str:
    return field.replace("_", "-")


def _rates(value: object) -> object:
    return parse_rates(value) if isinstance(value, str) else value


def _texts(value: object) -> object:
    return [text.strip() for text in value.split(",") if text.strip()] if isinstance(value, str) else value


class Parameters(BaseModel):
    """One field for each parameter: `snapshot_hard_age` is `<path>/snapshot-hard-age`. All have a default."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=_name, populate_by_name=True, defer_build=True
    )

    snapshot_check_interval: float = Field(default=2, ge=0.1, le=60)
    """Seconds between two checks for a newer snapshot."""
    snapshot_warn_age: float = Field(default=180, ge=60, le=3600)
    """Age of the snapshot in seconds above which a metric warns."""
    snapshot_hard_age: float = Field(default=600, ge=60, le=3600)
    """Age of the snapshot in seconds above which the bidder does not bid, since the known spend is too old."""
    network_allowance: float = Field(default=20, ge=0, le=1000)
    """Milliseconds of a request's `tmax` that the network takes, both ways."""
    frequency_deadline: float = Field(default=30, ge=0, le=1000)
    """Milliseconds that a bid waits for the exposures of its viewer. After that the campaign's `on_unknown` decides."""
    most_bids_at_once: int = Field(default=64, ge=1, le=10_000)
    """The concurrency limit of one process; further requests get status 503. Lambda sends one request at a time."""
    parameter_lifetime: float = Field(default=60, ge=1, le=MAX_LIFETIME)
    """Seconds after which a process reads the parameters again."""
    import_warn_cpm: float = Field(default=100, gt=0, le=1_000_000)
    """The CPM, in whole units of the account currency, above which an import of campaigns warns."""
    allowed_crawlers: Annotated[tuple[Annotated[str, Field(min_length=4)], ...], BeforeValidator(_texts)] = ()
    """Texts in user agents that count as viewers although they name a crawler, such as your own headless browsers."""
    most_exp: int = Field(default=21_600, ge=60, le=int(LONGEST_EXP.total_seconds()))
    """The longest `exp` of a bid in seconds, even if the impression asks for more."""
    invalid_traffic_counts: bool = True
    """Whether invalid traffic counts against budgets, as if the exchange charged for it. False if you dispute it."""
    most_to_one_viewer: float = Field(default=0.05, gt=0, le=1)
    """The share of a campaign's hourly plan that one viewer may get."""
    most_to_one_address: float = Field(default=0.1, gt=0, le=1)
    """The share of a campaign's hourly plan that one IP address may get."""
    most_to_one_page: float = Field(default=0.5, gt=0, le=1)
    """The share of a campaign's hourly plan that one page may get."""
    most_to_one_publisher: float = Field(default=1, gt=0, le=1)
    """The share of a campaign's hourly plan that one publisher may get."""
    shading_explored: float = Field(default=0.05, ge=0, le=0.5)
    """The share of first-price bids that explore prices, so that shading learns; 0 switches shading off."""
    currency_rates: Annotated[dict[str, Rate], BeforeValidator(_rates)] = Field(default_factory=dict)
    """The value of one unit of each currency, in micros of the account currency."""
    signing_keys: Json[SigningKeys] | None = Field(default=None, repr=False)
    """The keys that sign event URLs; None if the parameter is absent or invalid."""
    price_keys: Json[PriceKeys] | None = Field(default=PriceKeys.model_construct({}), repr=False)
    """The keys of the exchanges that encrypt prices; None if the parameter is invalid."""
    exchanges: Json[Exchanges] | None = Exchanges.model_construct({})
    """The agreements with exchanges; None if the parameter is invalid."""
    stitchers: Json[Stitchers] = NO_STITCHERS
    """The ad-insertion servers whose data of the viewer is trusted."""
    admin_key: Annotated[str, Field(min_length=16)] | None = Field(default=None, repr=False)
    """The bearer token of operators; None if there is none."""

    @cached_property
    def most_to_one(self) -> dict[str, float]:
        """The shares of a campaign's hourly plan by the kind of source."""
        return {
            "viewer": self.most_to_one_viewer,
            "address": self.most_to_one_address,
            "page": self.most_to_one_page,
            "publisher": self.most_to_one_publisher,
        }

    @cached_property
    def ages(self) -> Ages:
        """The ages of snapshots at which the keeper checks, warns and stops bids."""
        ages = (self.snapshot_check_interval, self.snapshot_warn_age, self.snapshot_hard_age)
        return Ages(*(timedelta(seconds=seconds) for seconds in ages))

    def agreed_with(self, exchange: str | None) -> Exchange:
        """The agreement with an exchange; the default if the parameter is invalid."""
        return UNKNOWN if self.exchanges is None else self.exchanges.agreement_with(exchange)

    @model_validator(mode="after")
    def _warns_before_it_stops(self) -> Self:
        if self.snapshot_warn_age > self.snapshot_hard_age:
            msg = f"{_AGES[0]} ({self.snapshot_warn_age:g}) is more than {_AGES[1]} ({self.snapshot_hard_age:g})"
            raise ValueError(msg)
        return self


DEFAULTS = Parameters()
NAMES = tuple(map(_name, Parameters.model_fields))


class Reading(NamedTuple):
    """The parameters of one read, and the fault of each invalid parameter by name."""

    parameters: Parameters
    wrong: Mapping[str, str]


def read(values: Mapping[str, str], *, secrets: bool = True) -> Reading:
    """Parses parameter values by name. An invalid parameter gets its default, or None if it must not be guessed."""
    mistakes: dict[str, str] = {}
    while True:
        try:
            parameters = Parameters.model_validate(
                {name: text for name, text in values.items() if name not in mistakes}
            )
        except ValidationError as error:
            mistakes = {name: fault for name, fault in _faults(error).items() if name in values} | mistakes
        else:
            break
    unknown = {name.replace("-", "_"): None for name in _NEVER_GUESSED if name in mistakes}
    parameters = parameters.model_copy(update=unknown) if unknown else parameters
    if secrets and "signing-keys" not in values:
        mistakes["signing-keys"] = "missing: without it there are no bids; `make deploy` makes it"
    return Reading(parameters, mistakes)


def better(current: Reading | None, new: Reading) -> Reading:
    """The reading to use: the current reading if the new one has a fault, else the new one.

    A reading with some of the faults of the current one replaces it, so that each correction takes effect.
    """
    return new if current is None or not new.wrong or new.wrong.keys() < current.wrong.keys() else current


_OF_SECRETS = {"json_invalid": "not JSON", "extra_forbidden": "not known", "string_pattern_mismatch": "not of its form"}
"""The faults of secrets in words, by pydantic's type."""


def _faults(error: ValidationError) -> dict[str, str]:
    """The faults by parameter. A fault of a secret has only its path and type, since messages quote values."""
    messages: dict[str, list[str]] = defaultdict(list)
    for fault in error.errors():
        path = dotted(fault["loc"][1:])
        for name in map(str, fault["loc"][:1] or _AGES):
            is_secret = name in SECRETS
            message = _OF_SECRETS.get(fault["type"], fault["type"]) if is_secret else in_words(fault["msg"])
            messages[name].append(f"{path}: {message}" if path else message)
    return {name: "; ".join(texts) for name, texts in messages.items()}
