"""What a campaign pays for where it is not the impression, and how its creatives take turns."""

from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """What may become of an impression."""

    VIEW = "view"
    COMPLETION = "completion"
    CLICK = "click"


class Goal(NamedTuple):
    """An outcome, and what one of it is worth to the campaign, in micros."""

    outcome: Outcome
    micros: int


class Rotation(StrEnum):
    """Which of the creatives that fit equally well is shown: each as often, by their weights, or the best mostly."""

    EVEN = "even"
    WEIGHTED = "weighted"
    BEST = "best"
