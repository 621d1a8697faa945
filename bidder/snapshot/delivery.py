"""The delivery state: the small part of a snapshot that changes every minute."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bidder.campaigns.campaign import Campaign
from bidder.delivery.allowance import Allowance
from bidder.delivery.budget import Spend, next_cost, remaining, withheld
from bidder.money import ACCOUNT_CURRENCY, MICROS
from bidder.snapshot import envelope
from bidder.snapshot.index import in_order

KIND = "delivery"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who may bid. `eligible` has a bit for each position of the index; `withheld` says why the others may not.

    `allowance` is the part that this process counts down.
    """

    index_id: str
    as_of: datetime
    eligible: int
    withheld: Mapping[str, str]
    allowance: Allowance
    rates: Mapping[str, int]
    """Micros of the account currency that one unit of a currency is worth, the account currency's own among them."""

    @property
    def bidding(self) -> int:
        """Those of the eligible whose allowance is not used up."""
        return self.eligible & ~self.allowance.used_up


def compile_delivery(
    campaigns: Iterable[Campaign],
    spends: Mapping[str, Spend],
    index_id: str,
    as_of: datetime,
    rates: Mapping[str, int] | None = None,
) -> bytes:
    """The delivery object for these campaigns, what they had spent at `as_of`, and the currencies known then."""
    eligible = 0
    reasons: dict[str, str] = {}
    budgets: list[tuple[int, int, int]] = []
    for position, campaign in enumerate(in_order(campaigns)):
        spend = spends.get(campaign.id, Spend())
        reason = withheld(campaign, spend)
        if reason is not None:
            reasons[campaign.id] = reason
            continue
        eligible |= 1 << position
        left = remaining(campaign, spend)
        if left is not None:
            budgets.append((position, left, next_cost(campaign)))
    body = {
        "index": index_id,
        "as_of": as_of.isoformat(),
        "eligible": hex(eligible),
        "withheld": reasons,
        "budgets": budgets,
        "rates": {**(rates or {}), ACCOUNT_CURRENCY: MICROS},
    }
    return envelope.pack(KIND, body)


def load_delivery(data: bytes) -> Delivery:
    """A delivery object, read back; one that older code wrote may lack what was added since. Raises BadSnapshot."""
    body = envelope.unpack(KIND, data)
    budgets = body.get("budgets", [])
    return Delivery(
        index_id=body["index"],
        as_of=datetime.fromisoformat(body["as_of"]),
        eligible=int(body["eligible"], 16),
        withheld=body["withheld"],
        allowance=Allowance(
            remaining={position: left for position, left, _ in budgets},
            next_cost={position: cost for position, _, cost in budgets},
        ),
        rates=body.get("rates", {ACCOUNT_CURRENCY: MICROS}),
    )
