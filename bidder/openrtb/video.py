"""The video object: player, slot and pod of an impression (OpenRTB 2.6, section 3.2.7)."""

from typing import Annotated, Self

from pydantic import model_validator

from bidder.openrtb.banner import Banner
from bidder.openrtb.base import Object
from bidder.openrtb.dur_floors import DurFloors
from bidder.openrtb.types import Few, Flag, Ints, NullIs, RequiredMimes


class VideoExt(Object):
    """Fields of `video.ext`: rewarded video before OpenRTB 2.6, and `skippable` of some senders."""

    rewarded: Flag = 0
    skippable: int | None = None


class Video(Object):
    """Video, section 3.2.7: the ads that the player accepts. Durations are seconds, bit rates kbps, sizes DIPS.

    `skip` is read from `ext.skippable` too. `placement`, `sequence` and `protocol` are deprecated, and still sent.
    """

    mimes: RequiredMimes
    minduration: int | None = None
    maxduration: int | None = None
    rqddurs: Ints = ()
    maxextended: int | None = None
    startdelay: int | None = None
    protocols: Ints = ()
    protocol: Ints = ()
    w: int | None = None
    h: int | None = None
    podid: str | None = None
    podseq: Flag = 0
    slotinpod: Flag = 0
    sequence: Flag = 0
    maxseq: int | None = None
    poddur: int | None = None
    mincpmpersec: float | None = None
    durfloors: Annotated[tuple[DurFloors, ...], Few, NullIs(())] = ()
    poddedupe: Ints = ()
    placement: int | None = None
    plcmt: int | None = None
    linearity: int | None = None
    skip: int | None = None
    skipmin: Flag = 0
    skipafter: Flag = 0
    battr: Ints = ()
    minbitrate: int | None = None
    maxbitrate: int | None = None
    boxingallowed: Annotated[int, NullIs(1)] = 1
    playbackmethod: Ints = ()
    playbackend: int | None = None
    delivery: Ints = ()
    pos: int | None = None
    companionad: Annotated[tuple[Banner, ...], Few, NullIs(())] = ()
    companiontype: Ints = ()
    api: Ints = ()
    ext: VideoExt | None = None

    @model_validator(mode="after")
    def _fold_ext(self) -> Self:
        if self.skip is None and self.ext is not None:
            self.skip = self.ext.skippable
        return self

    def accepted_protocols(self) -> tuple[int, ...]:
        """The accepted protocols (AdCOM List: Creative Subtypes - Audio/Video). Empty if the player states none."""
        return self.protocols or self.protocol

    def accepts_duration(self, seconds: float) -> bool:
        """Whether an ad of this length fits the slot, without the limits of a pod.

        `rqddurs` lists the only accepted lengths and overrides the other fields. A `maxduration` of 0 means the same as
        an absent `maxduration`. `maxextended` extends `maxduration` by that many seconds, -1 without limit.
        """
        if self.rqddurs:
            return seconds in self.rqddurs
        if seconds < (self.minduration or 0):
            return False
        extension_seconds = self.maxextended or 0
        return not self.maxduration or extension_seconds == -1 or seconds <= self.maxduration + extension_seconds

    def has_room(self, seconds: float) -> bool:
        """Whether an ad of that length fits this slot and, of a pod of dynamic length, the pod (`poddur` above 0)."""
        return self.accepts_duration(seconds) and (not self.poddur or self.poddur < 0 or seconds <= self.poddur)
