"""The exchanges that call: the names that they go by, and what differs from one to another."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, RootModel

from bidder.events.kinds import BilledBy, Kind
from bidder.openrtb.invalid_request import InvalidRequest

LONGEST_NAME = 32


def exchange_name(text: str | None) -> str | None:
    """The name out of `POST /bid?exchange=NAME`, as tokens, events and message attributes have it.

    None where none was given. Raises InvalidRequest.
    """
    if not text:
        return None
    if len(text) > LONGEST_NAME or not text.isascii() or not text.replace("-", "a").replace("_", "a").isalnum():
        raise InvalidRequest([("?exchange", f"a name is letters, digits, - and _, {LONGEST_NAME} at most")])
    return text


class Exchange(BaseModel):
    """What is agreed with an exchange: `billed_by` is the kind of event that it counts by, `impression` or `bill`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    billed_by: BilledBy = Kind.IMPRESSION


class Exchanges(RootModel[dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")], Exchange]]):
    """Exchanges by name; one that is not named here counts by impressions."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    def billed_by_notice(self) -> frozenset[str]:
        """The names of those whose billing notice makes a bid due."""
        return frozenset(name for name, its in self.root.items() if its.billed_by is Kind.BILL)
