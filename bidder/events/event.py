"""An event as it travels on the topic `bid-events`."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bidder.events import notice
from bidder.events.kinds import BILLABLE, Kind
from bidder.events.price_keys import ExchangeKeys
from bidder.events.token import Claims

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef


class Event(BaseModel):
    """Version 1 of the message body. Prices are CPM in micros: what was bid, and what is due.

    `at` is when the notice reached us. No field says who the viewer was.
    """

    model_config = ConfigDict(frozen=True)

    version: Literal[1] = 1
    kind: Kind
    bid_id: Annotated[str, Field(min_length=1)]
    campaign_id: Annotated[str, Field(min_length=1)]
    creative_id: str
    bid_price_micros: Annotated[int, Field(ge=0)]
    price_micros: Annotated[int, Field(ge=0)]
    bid_at: AwareDatetime
    at: AwareDatetime
    test: bool = False
    deal_id: str | None = None
    country: str | None = None
    exchange: str | None = None
    loss_reason: int | None = None
    error_code: int | None = None

    @property
    def billable(self) -> bool:
        """Whether the event makes the price due."""
        return self.kind in BILLABLE and not self.test

    def attributes(self) -> "dict[str, MessageAttributeValueTypeDef]":
        """The SNS message attributes, which consumers' filter policies choose by."""
        values = {
            "kind": self.kind,
            "campaign": self.campaign_id,
            "test": "true" if self.test else "false",
            "deal": self.deal_id,
            "country": self.country,
            "exchange": self.exchange,
            "loss": None if self.loss_reason is None else notice.loss_name(self.loss_reason),
        }
        return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}


def make_event(
    kind: Kind, claims: Claims, query: Mapping[str, str], now: datetime, keys: ExchangeKeys | None = None
) -> Event:
    """The event that a verified notice reports; its macros may come empty, unresolved or as `AUDIT`.

    `keys` are those of the exchange, where it encrypts its prices.
    """
    return Event(
        kind=kind,
        bid_id=claims.bid_id,
        campaign_id=claims.campaign_id,
        creative_id=claims.creative_id,
        bid_price_micros=claims.price_micros,
        price_micros=notice.settled_price(query, claims.price_micros, keys, claims.rate),
        bid_at=claims.issued_at,
        at=now,
        test=claims.test,
        deal_id=claims.deal_id,
        country=claims.country,
        exchange=claims.exchange,
        loss_reason=notice.loss_reason(query),
        error_code=notice.error_code(query),
    )
