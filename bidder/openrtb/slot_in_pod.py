"""Slot positions in a pod (AdCOM 1.0, List: Slot Position in Pod)."""

from enum import IntEnum


class SlotInPod(IntEnum):
    """The values of `Video.slotinpod` and `Bid.slotinpod`."""

    LAST = -1
    ANY = 0
    FIRST = 1
    FIRST_OR_LAST = 2
