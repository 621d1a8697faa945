"""The budget of a campaign, of one of its deals, or of an advertiser."""

from typing import Annotated

from pydantic import ConfigDict, Field

from bidder.campaigns.pacing_mode import Mode
from bidder.money import Micros, Priced

Impressions = Annotated[int, Field(gt=0, le=10**12)]
"""A goal of impressions."""


class Budget(Priced):
    """The limits of spend in micros and of impressions: in total, in a day and in a clock hour of the time zone.

    The holder is a campaign, a deal of a campaign (in the campaign's time zone), or an advertiser. None is no limit.
    `pacing` is how the budget is spent over the day and the flight; without it a budget that has a period is spent
    evenly, and another as soon as possible.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    total_micros: Micros | None = None
    daily_micros: Micros | None = None
    hourly_micros: Micros | None = None
    total_impressions: Impressions | None = None
    daily_impressions: Impressions | None = None
    pacing: Mode | None = None
