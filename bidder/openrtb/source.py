"""The source object: upstream decision and supply chain (OpenRTB 2.6, section 3.2.2)."""

from typing import Self

from pydantic import model_validator

from bidder.openrtb.base import Object
from bidder.openrtb.supply_chain import SupplyChain


class SourceExt(Object):
    """Fields of `source.ext`: the supply chain before OpenRTB 2.6."""

    schain: SupplyChain | None = None


class Source(Object):
    """Source, section 3.2.2: the upstream of the exchange. `schain` is read from `ext.schain` too."""

    fd: int | None = None
    tid: str | None = None
    pchain: str | None = None
    schain: SupplyChain | None = None
    ext: SourceExt | None = None

    @model_validator(mode="after")
    def _fold_ext(self) -> Self:
        if self.ext is not None and self.schain is None:
            self.schain = self.ext.schain
        return self
