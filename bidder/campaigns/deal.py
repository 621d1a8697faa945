"""A private deal that a campaign buys through: OpenRTB 2.6 section 3.2.12."""

from typing import Annotated

from pydantic import ConfigDict, Field

from bidder.campaigns.budget import Budget
from bidder.money import Micros, Priced


class CampaignDeal(Priced):
    """The deal's id as the exchange sends it, and the most the campaign pays in it (CPM, micros).

    `budget` limits what the campaign spends in this deal. Once it is spent, the campaign bids on outside the deal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Annotated[str, Field(min_length=1, max_length=128)]
    cpm_micros: Micros
    budget: Budget | None = None
