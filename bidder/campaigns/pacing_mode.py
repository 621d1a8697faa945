"""The pacing mode of a campaign: how the spending of a budget is distributed over its period."""

from enum import StrEnum


class Mode(StrEnum):
    """The distribution of a budget over its period.

    `even` gives each eligible request the same probability of a bid. `front_loaded` starts at 1.5 times the even rate
    and slows down towards the end. `asap` spends as fast as the traffic allows.
    """

    EVEN = "even"
    FRONT_LOADED = "front_loaded"
    ASAP = "asap"
