"""The agreements that differ between exchanges, by the names in `/bid?exchange=NAME`."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from bidder.events.kinds import BilledBy, Kind


class Exchange(BaseModel):
    """The agreement with an exchange: `billed_by` is the kind of event that makes a bid due, `impression` or `bill`.

    The clearing price in a notice is credible down to a share below the bid, `first_price_discount` or
    `second_price_discount` by the type of the auction, and never below the floors of the bid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    billed_by: BilledBy = Kind.IMPRESSION
    first_price_discount: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.1")
    second_price_discount: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.9")

    def lowest_credible_price(self, bid_micros: int, lowest_charge: int, *, is_first_price: bool) -> int:
        """The lowest credible CPM of a notice of this exchange, in micros."""
        discount = self.first_price_discount if is_first_price else self.second_price_discount
        numerator, denominator = _remaining_fraction(discount)
        return max(lowest_charge, bid_micros * numerator // denominator)


@lru_cache(maxsize=64)  # measured: with fractions, a bid on fifty impressions took a tenth longer
def _remaining_fraction(discount: Decimal) -> tuple[int, int]:
    """1 less the discount, as numerator and denominator."""
    return (1 - Fraction(discount)).as_integer_ratio()


class Exchanges(RootModel[dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")], Exchange]]):
    """The exchanges by name. An exchange without an entry has the defaults of `Exchange`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    def agreement_with(self, name: str | None) -> Exchange:
        """The agreement with this exchange."""
        return self.root.get(name, UNKNOWN) if name else UNKNOWN

    def billed_by_notice(self) -> frozenset[str]:
        """The names of the exchanges whose billing notice makes a bid due."""
        return frozenset(name for name, exchange in self.root.items() if exchange.billed_by is Kind.BILL)


UNKNOWN = Exchange.model_construct()
