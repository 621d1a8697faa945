"""An event as it travels on the topic `bid-events`."""

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
    """Version 1 of the message body. Prices are CPM in micros: what was bid, and what is due.

    `at` is when the notice reached us. `zone` is the campaign's time zone. `user` and `address` tell viewers and
    senders apart without saying who they are (`bidder.privacy.viewer`, `bidder.events.address`). `invalid` names the
    rule of `bidder.events.ivt_rules` that the event broke.

    `expires` is until when the bid's events count. `price_vector` names the encrypted price that the notice stated: of
    several bids that come with the same one, the first is settled at it, the others at their bids.

    `billed_by` is the kind that makes this bid's price due; code before this did not say, and took either of
    `BILLABLE`, once. `count` is of the kind `bids` alone: how many of a campaign there were in the minute from `at` on;
    `bid_id` is then that of the count. `traffic` is of the kind `traffic` alone: opportunities and bids in that minute,
    by campaign id, of a process that had `count` requests. `device` is the type of the viewer's device (AdCOM List:
    Device Types).

    `household` tells the viewer's household from others (`bidder.privacy.household`): of campaigns with household caps
    alone. The message attribute `user` is the user's name or, where there is none, the household's.

    Of bids that prices are learned from, `placement` is a number of `bidder.delivery.price_segment`, `value_micros` the
    CPM that the campaign would have bid without shading, and `to_win_micros` the least CPM that would have won, where a
    notice says it and it is credible.

    Fields are only ever added, with a default, so that what is stored can be read for as long as it is kept.
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
        """Whether the exchange counts by this kind, and it is no test: it is billed or, where it is invalid, not."""
        return self.kind in BILLABLE and self.billed_by in {None, self.kind} and not self.test

    @property
    def billable(self) -> bool:
        """Whether the event makes the price due."""
        return self.counts_as_sale and self.invalid is None

    def attributes(self) -> "dict[str, MessageAttributeValueTypeDef]":
        """The SNS message attributes, which consumers' filter policies choose by."""
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
    """The event that a verified notice reports; its macros may come empty, unresolved or as `AUDIT`, which is a test.

    `keys` are those of the exchange, where it encrypts its prices.
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
