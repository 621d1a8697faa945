"""How fast a campaign spends its budget."""

from enum import StrEnum


class Mode(StrEnum):
    """How a budget is spent over its period.

    `even` gives each eligible request the same chance; `front_loaded` is half as much faster at first and slower
    towards the end; `asap` spends whatever the traffic allows.
    """

    EVEN = "even"
    FRONT_LOADED = "front_loaded"
    ASAP = "asap"
