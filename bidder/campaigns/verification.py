"""A script of a third party's that measures what was seen."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bidder.campaigns.types import SecureUrl


class Verification(BaseModel):
    """Verification, VAST 4.2: JavaScript for the Open Measurement SDK, run where the player has it.

    `vendor` is what the vendor calls itself (`company.com-omid`), `parameters` what its script is handed.
    `browser_optional` says that it needs no browser. `not_executed` is called where it was not run; `[REASON]` in it is
    filled in by the player.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    vendor: Annotated[str, Field(min_length=1, max_length=200)]
    url: SecureUrl
    parameters: Annotated[str, Field(max_length=4096)] | None = None
    browser_optional: bool = False
    not_executed: SecureUrl | None = None
