"""The bid request (OpenRTB 2.6, section 3.2.1)."""

from typing import Annotated

from pydantic import Field

from bidder.openrtb.app import App
from bidder.openrtb.base import Object
from bidder.openrtb.device import Device
from bidder.openrtb.dooh import Dooh
from bidder.openrtb.geo import Geo
from bidder.openrtb.imp import Imp
from bidder.openrtb.regs import Regs
from bidder.openrtb.site import Site
from bidder.openrtb.source import Source
from bidder.openrtb.types import (
    Bundles,
    Categories,
    Currencies,
    Domains,
    Flag,
    Identifier,
    Identifiers,
    Languages,
    NullIs,
    Taxonomy,
)
from bidder.openrtb.user import User

MAX_IMPS = 50
"""The most impressions of a request. Real requests have a dozen at most. Their number dominates the cost of a bid."""

_EMPTY = frozenset({None, ""})


class BidRequest(Object):
    """BidRequest, section 3.2.1: one auction. `tmax` is in milliseconds and includes the network."""

    id: Identifier
    imp: Annotated[tuple[Imp, ...], Field(min_length=1, max_length=MAX_IMPS)]
    site: Site | None = None
    app: App | None = None
    dooh: Dooh | None = None
    device: Device | None = None
    user: User | None = None
    test: Flag = 0
    at: Annotated[int, NullIs(2)] = 2
    tmax: int | None = None
    wseat: Identifiers = ()
    bseat: Identifiers = ()
    cur: Currencies = ()
    wlang: Languages = ()
    wlangb: Languages = ()
    acat: Categories = ()
    bcat: Categories = ()
    cattax: Taxonomy = 1
    badv: Domains = ()
    bapp: Bundles = ()
    source: Source | None = None
    regs: Regs | None = None

    @property
    def location(self) -> Geo | None:
        """The location of the device, else that of the user (sections 3.2.18, 3.2.20). None if both are empty."""
        for holder in (self.device, self.user):
            if holder and holder.geo and not _EMPTY.issuperset(vars(holder.geo).values()):
                return holder.geo
        return None


# The model is built at import, so that no request waits.
BidRequest.model_rebuild()
