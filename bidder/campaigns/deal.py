"""A private marketplace deal through which a campaign buys (OpenRTB 2.6, section 3.2.12)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from bidder.campaigns.budget import Budget
from bidder.money import Micros, Priced


class CampaignDeal(Priced):
    """The deal's id in bid requests, and the campaign's highest bid in the deal as a CPM, in micros.

    `budget` limits the campaign's spend in this deal. After the budget is spent, the campaign bids on outside the deal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Annotated[str, Field(min_length=1, max_length=128)]
    cpm_micros: Micros
    budget: Budget | None = None
