"""The goal of a campaign, and the rotation of its creatives."""

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """An outcome of an impression that a goal may value."""

    VIEW = "view"
    COMPLETION = "completion"
    CLICK = "click"


class Goal(NamedTuple):
    """The outcome that a campaign wants, and the value of one such outcome in micros."""

    outcome: Outcome
    micros: int


class Rotation(StrEnum):
    """The rotation of creatives that fit equally well: equally often, by their weights, or mostly the best creative."""

    EVEN = "even"
    WEIGHTED = "weighted"
    BEST = "best"
