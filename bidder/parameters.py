"""What steers the bidder and may change while it runs: the parameters under a path of Parameter Store, as one object.

`docs/operations.md` has the table of them. Where things are is not here but in `bidder.settings`.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Json, ValidationError, model_validator

from bidder.currency import read_rates
from bidder.events.exchange import UNKNOWN, Exchange, Exchanges
from bidder.events.price_keys import PriceKeys
from bidder.events.token import SigningKeys
from bidder.money import Rate
from bidder.prebuilt import complete
from bidder.snapshot.ages import Ages
from bidder.stitchers import NO_STITCHERS, Stitchers

SECRETS = frozenset({"signing-keys", "price-keys", "admin-key"})
"""Those that Parameter Store keeps encrypted; no message quotes them."""

MAX_LIFETIME = 600
"""Seconds that a process may go by parameters that were changed since."""

_NEVER_GUESSED = ("price-keys", "exchanges")
"""To take bad ones for absent would have bids billed by another rule than the one agreed."""
_AGES = ("snapshot-warn-age", "snapshot-hard-age")


def _name(field: str) -> str:
    return field.replace("_", "-")


def _rates(value: object) -> object:
    return read_rates(value) if isinstance(value, str) else value


def _texts(value: object) -> object:
    return [text.strip() for text in value.split(",") if text.strip()] if isinstance(value, str) else value


class Parameters(BaseModel):
    """One field for each parameter: `snapshot_hard_age` is `<path>/snapshot-hard-age`. Absent ones have a default."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=_name, populate_by_name=True, defer_build=True
    )

    snapshot_check_interval: float = Field(default=2, ge=0.1, le=60)
    """Seconds between two looks for a newer snapshot."""
    snapshot_warn_age: float = Field(default=180, ge=60, le=3600)
    """Seconds; past this age of the snapshot a metric warns."""
    snapshot_hard_age: float = Field(default=600, ge=60, le=3600)
    """Seconds; past this age the bidder answers no-bid: it can no longer say what has been spent."""
    network_allowance: float = Field(default=20, ge=0, le=1000)
    """Milliseconds of a request's `tmax` that its way here and back takes."""
    most_bids_at_once: int = Field(default=64, ge=1, le=10_000)
    """Requests that one process decides at once; more are answered 503. In Lambda there is only ever one."""
    parameter_lifetime: float = Field(default=60, ge=1, le=MAX_LIFETIME)
    """Seconds until a process reads its parameters again."""
    import_warn_cpm: float = Field(default=100, gt=0, le=1_000_000)
    """A CPM above this, in whole units of the account currency, is warned of when campaigns are imported."""
    allowed_crawlers: Annotated[tuple[Annotated[str, Field(min_length=4)], ...], BeforeValidator(_texts)] = ()
    """Texts of user agents that are viewers' though they name a crawler: of your own tests in headless browsers."""
    most_exp: int = Field(default=21_600, ge=60, le=43_200)
    """Seconds; the longest `exp` of a bid, whatever its impression asks for."""
    invalid_traffic_counts: bool = True
    """Whether invalid traffic counts against budgets, as if it were charged; false once it is disputed."""
    most_to_one_viewer: float = Field(default=0.05, gt=0, le=1)
    """The share of a campaign's hourly plan that one viewer may get."""
    most_to_one_address: float = Field(default=0.1, gt=0, le=1)
    """The share that one IP address may get."""
    most_to_one_page: float = Field(default=0.5, gt=0, le=1)
    """The share that one page may get."""
    most_to_one_publisher: float = Field(default=1, gt=0, le=1)
    """The share that one publisher may get."""
    shading_explored: float = Field(default=0.05, ge=0, le=0.5)
    """The share of first-price bids that explore prices, so that shading learns; 0 switches shading off."""
    currency_rates: Annotated[dict[str, Rate], BeforeValidator(_rates)] = Field(default_factory=dict)
    """Micros of the account currency that one unit of a currency is worth."""
    signing_keys: Json[SigningKeys] | None = Field(default=None, repr=False)
    """The keys of event URLs; None where there are none that can be used."""
    price_keys: Json[PriceKeys] | None = Field(default=PriceKeys.model_construct({}), repr=False)
    """The keys of the exchanges that encrypt prices, if any; None where what is there can't be used."""
    exchanges: Json[Exchanges] | None = Exchanges.model_construct({})
    """What is agreed with exchanges, if anything; None where what is there can't be used."""
    stitchers: Json[Stitchers] = NO_STITCHERS
    """The servers whose word on the viewer is taken."""
    admin_key: Annotated[str, Field(min_length=16)] | None = Field(default=None, repr=False)
    """What operators prove themselves by; None where there is none."""

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
        """How old snapshots get."""
        its = (self.snapshot_check_interval, self.snapshot_warn_age, self.snapshot_hard_age)
        return Ages(*(timedelta(seconds=seconds) for seconds in its))

    def agreed_with(self, exchange: str | None) -> Exchange:
        """What is agreed with an exchange; the default where that can't be read."""
        return UNKNOWN if self.exchanges is None else self.exchanges.of(exchange)

    @model_validator(mode="after")
    def _warns_before_it_stops(self) -> Self:
        if self.snapshot_warn_age > self.snapshot_hard_age:
            msg = f"{_AGES[0]} ({self.snapshot_warn_age:g}) is more than {_AGES[1]} ({self.snapshot_hard_age:g})"
            raise ValueError(msg)
        return self


complete(Parameters)
DEFAULTS = Parameters()
NAMES = tuple(map(_name, Parameters.model_fields))


class Reading(NamedTuple):
    """Parameters, and what was wrong with which when they were read."""

    parameters: Parameters
    wrong: Mapping[str, str]


def read(values: Mapping[str, str], *, secrets: bool = True) -> Reading:
    """The object that values make. Those that are wrong are left out: a number has its default then, a key is None."""
    wrong: dict[str, str] = {}
    while True:
        try:
            found = Parameters.model_validate({name: its for name, its in values.items() if name not in wrong})
        except ValidationError as error:
            wrong = {name: said for name, said in _faults(error).items() if name in values} | wrong
        else:
            break
    unknown = {name.replace("-", "_"): None for name in _NEVER_GUESSED if name in wrong}
    found = found.model_copy(update=unknown) if unknown else found
    if secrets and "signing-keys" not in values:
        wrong["signing-keys"] = "missing: without it there are no bids; `make deploy` makes it"
    return Reading(found, wrong)


def better(held: Reading | None, new: Reading) -> Reading:
    """The one to go on with: the last good one stays where anything of the new one is wrong.

    One that had faults itself gives way to one with fewer of them: who mends one of two shall see it work.
    """
    return new if held is None or not new.wrong or new.wrong.keys() < held.wrong.keys() else held


def _faults(error: ValidationError) -> dict[str, str]:
    """What is wrong, by parameter; of a secret only the place and the kind of fault, since messages quote."""
    found: dict[str, list[str]] = defaultdict(list)
    for fault in error.errors():
        place = ".".join(map(str, fault["loc"][1:]))
        for name in map(str, fault["loc"][:1] or _AGES):
            said = fault["type"] if name in SECRETS else fault["msg"].removeprefix("Value error, ")
            found[name].append(f"{place}: {said}" if place else said)
    return {name: "; ".join(said) for name, said in found.items()}
