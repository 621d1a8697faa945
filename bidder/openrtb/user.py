"""The user object (OpenRTB 2.6, section 3.2.20)."""

from typing import Annotated, Self

from pydantic import model_validator

from bidder.openrtb.base import Object
from bidder.openrtb.data import Data
from bidder.openrtb.eid import Eid
from bidder.openrtb.geo import Geo
from bidder.openrtb.types import Few, NullIs, Strings


class UserExt(Object):
    """Fields of `user.ext`: the consent string and the extended ids before OpenRTB 2.6."""

    consent: str | None = None
    eids: Annotated[tuple[Eid, ...], Few, NullIs(())] = ()


class User(Object):
    """User, section 3.2.20: the person. `consent` and `eids` are read from `ext` too; 2.6's field comes first."""

    id: str | None = None
    buyeruid: str | None = None
    yob: int | None = None
    gender: str | None = None
    keywords: str | None = None
    kwarray: Strings = ()
    customdata: str | None = None
    geo: Geo | None = None
    data: Annotated[tuple[Data, ...], Few, NullIs(())] = ()
    consent: str | None = None
    eids: Annotated[tuple[Eid, ...], Few, NullIs(())] = ()
    ext: UserExt | None = None

    @model_validator(mode="after")
    def _fold_ext(self) -> Self:
        ext = self.ext
        if ext is not None:
            self.consent = self.consent or ext.consent
            self.eids = self.eids or ext.eids
        return self
