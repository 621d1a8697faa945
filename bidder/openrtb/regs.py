"""Regulations: consent and privacy signals (OpenRTB 2.6, section 3.2.3)."""

from typing import Self

from pydantic import model_validator

from bidder.openrtb.base import Object
from bidder.openrtb.dsa import Dsa
from bidder.openrtb.types import Ints


class RegsExt(Object):
    """Fields of `regs.ext`: the privacy signals before OpenRTB 2.6. `gpc` is the browser's Global Privacy Control."""

    coppa: int | None = None
    gdpr: int | None = None
    us_privacy: str | None = None
    gpp: str | None = None
    gpp_sid: Ints = ()
    gpc: int | None = None
    dsa: Dsa | None = None


class Regs(Object):
    """Regs, section 3.2.3: the regulations in force. Each signal is read from `ext` too; 2.6's field comes first."""

    coppa: int | None = None
    gdpr: int | None = None
    us_privacy: str | None = None
    gpp: str | None = None
    gpp_sid: Ints = ()
    dsa: Dsa | None = None
    ext: RegsExt | None = None

    @model_validator(mode="after")
    def _fold_ext(self) -> Self:
        ext = self.ext
        if ext is not None:
            if self.coppa is None:
                self.coppa = ext.coppa
            if self.gdpr is None:
                self.gdpr = ext.gdpr
            self.us_privacy = self.us_privacy or ext.us_privacy
            self.gpp = self.gpp or ext.gpp
            self.gpp_sid = self.gpp_sid or ext.gpp_sid
            self.dsa = self.dsa or ext.dsa
        return self
