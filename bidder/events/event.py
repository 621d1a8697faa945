"""The event: the message of the SNS topic `bid-events`."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bidder.events import notice
from bidder.events.claims import Claims
from bidder.events.kinds import BILLABLE, BilledBy, Kind
from bidder.events.price_keys import ExchangeKeys
from bidder.events.settlement import price_to_win, settle

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef


class Event(BaseModel):
    """Version 1 of the message body. Prices are CPMs in micros: `bid_price_micros` was bid, `price_micros` is due.

    `at` is the arrival time of the notice. `zone` is the campaign's time zone. `user` and `address` are pseudonyms of
    viewer and sender (`bidder.privacy.viewer`, `bidder.events.address`). `invalid` names the rule of
    `bidder.events.ivt_rules` that marks the event as invalid traffic.

    The bid's events count until `expires`. `price_vector` names the encrypted price of the notice: if several bids
    state the same encrypted price, the first bid is settled at that price and the others at their bids.

    `billed_by` is the kind that makes this bid's price due. Events of earlier versions have no `billed_by`, and either
    kind of `BILLABLE` makes their price due, once. The kind `bids` has in `count` the bids of a campaign in the minute
    from `at` on, and its `bid_id` is the id of the count. The kind `traffic` has opportunities and bids of that minute
    in `traffic`, by campaign id, and in `count` the requests of the process. `device` is the type of the viewer's
    device (AdCOM List: Device Types).

    `household` is the pseudonym of the viewer's household (`bidder.privacy.viewer`), for campaigns with household
    caps. The message attribute `user` is the pseudonym of the user or, without a user, of the household.

    If prices are learned from the bid, `placement` is a number of `bidder.delivery.price_segment`, `value_micros` is
    the CPM without shading, and `to_win_micros` is the lowest CPM that would have won, if a notice states a credible
    one.

    New fields have a default, so that stored events stay readable.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

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
    advertiser: str | None = None
    zone: str = "UTC"
    user: str | None = None
    address: str | None = None
    invalid: str | None = None
    billed_by: BilledBy | None = None
    count: Annotated[int, Field(ge=1)] | None = None
    expires: AwareDatetime | None = None
    price_vector: str | None = None
    traffic: dict[str, tuple[int, int]] | None = None
    device: int | None = None
    household: str | None = None
    placement: int | None = None
    value_micros: int | None = None
    to_win_micros: int | None = None

    @property
    def counts_as_sale(self) -> bool:
        """Whether the event is the sale of its bid: of the kind that the exchange counts by, and not a test."""
        return self.kind in BILLABLE and self.billed_by in {None, self.kind} and not self.test

    @property
    def is_billable(self) -> bool:
        """Whether the event makes the price due."""
        return self.counts_as_sale and self.invalid is None

    def attributes(self) -> "dict[str, MessageAttributeValueTypeDef]":
        """The SNS message attributes, for the filter policies of the consumers' subscriptions."""
        values = {
            "kind": self.kind,
            "campaign": self.campaign_id,
            "advertiser": self.advertiser,
            "test": "true" if self.test else "false",
            "deal": self.deal_id,
            "country": self.country,
            "exchange": self.exchange,
            "loss": None if self.loss_reason is None else notice.loss_name(self.loss_reason),
            "invalid": self.invalid,
            "user": self.user or self.household,
        }
        return {name: {"DataType": "String", "StringValue": value} for name, value in values.items() if value}


def make_event(
    kind: Kind,
    claims: Claims,
    query: Mapping[str, str],
    now: datetime,
    keys: ExchangeKeys | None = None,
    *,
    address: str | None = None,
    invalid: str | None = None,
) -> Event:
    """The event of a verified notice. The notice's macros may be empty, unresolved, or `AUDIT`, which makes a test.

    `keys` are the price keys of an exchange that encrypts its prices.
    """
    settlement = settle(query, claims, keys)
    return Event(
        kind=kind,
        bid_id=claims.bid_id,
        campaign_id=claims.campaign_id,
        creative_id=claims.creative_id,
        bid_price_micros=claims.price_micros,
        price_micros=settlement.micros,
        bid_at=claims.issued_at,
        at=now,
        test=claims.test or settlement.is_audit,
        deal_id=claims.deal_id,
        country=claims.country,
        exchange=claims.exchange,
        loss_reason=notice.loss_reason(query),
        error_code=notice.error_code(query),
        advertiser=claims.advertiser,
        zone=claims.zone,
        user=claims.user,
        address=address,
        invalid=invalid,
        billed_by=claims.billed_by,
        device=claims.device,
        household=claims.household,
        expires=claims.counts_until,
        price_vector=settlement.vector,
        placement=claims.placement,
        value_micros=claims.value_micros,
        to_win_micros=price_to_win(kind, query, claims, keys),
    )
