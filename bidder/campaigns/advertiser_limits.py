"""The limits that all campaigns of an advertiser share: a budget, a flight and frequency caps."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bidder.campaigns.budget import Budget
from bidder.campaigns.campaign import CapLevel, Flight, FrequencyCap
from bidder.campaigns.types import Domain, Zone


class AdvertiserLimits(BaseModel):
    """The limits of an advertiser. They hold for each campaign whose `advertiser.domain` is `domain`.

    Days, hours and the windows of caps are those of `time_zone`, a name of the IANA database. The time zones of the
    campaigns do not matter. Outside the `flight` the campaigns don't bid. `frequency_caps` have the level `advertiser`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    domain: Domain
    time_zone: Zone = "UTC"
    budget: Budget = Budget.model_construct()
    flight: Flight = Flight.model_construct()
    frequency_caps: Annotated[tuple[FrequencyCap, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _caps_are_of_the_advertiser(self) -> Self:
        for cap in self.frequency_caps:
            if "level" in cap.model_fields_set and cap.level is not CapLevel.ADVERTISER:
                msg = f"a frequency cap of an advertiser counts for the advertiser, not for a {cap.level.value}"
                raise ValueError(msg)
        return self

    @property
    def caps(self) -> list[FrequencyCap]:
        """The frequency caps as each campaign of the advertiser has them."""
        return [
            cap.model_copy(update={"level": CapLevel.ADVERTISER, "time_zone": cap.time_zone or self.time_zone})
            for cap in self.frequency_caps
        ]
