"""What a refresh learns from outcomes: the win models of bid shading, and the classes of device types."""

from datetime import datetime, timedelta

from bidder.consumers.optional_read import optional_read
from bidder.delivery.pacers import PacingResult
from bidder.delivery.quality import device_classes
from bidder.delivery.win_model import MIN_OUTCOMES, Shading, fit_models
from bidder.parameters import DEFAULTS
from bidder.service.service import Service
from bidder.snapshot.index import Index
from bidder.snapshot.quality_classes import Quality

_SNAPSHOT_LIFE = timedelta(seconds=DEFAULTS.snapshot_hard_age)


def shading(service: Service, explored: float, now: datetime) -> Shading | None:
    """The win models of bid shading; None, and every bid is the full value, until enough outcomes are known."""
    if not explored:
        return None
    batches = optional_read(lambda: service.learning.outcomes(now), "shading.unread", then="bids are not shaded")
    if not batches or sum(batch.outcomes.total for batch in batches) < MIN_OUTCOMES:
        return None
    return Shading(fit_models(batches, {now.hour, (now + _SNAPSHOT_LIFE).hour}), explored)


def quality(service: Service, index: Index, paced: PacingResult, now: datetime) -> Quality | None:
    """The classes of device types, for paced campaigns with a goal; None if no class is apart from the others."""
    if not any(index.learners()) or not paced.paces:
        return None
    then = "pacing keeps impressions by chance alone"
    classes = optional_read(lambda: device_classes(service.learning.devices(now)), "quality.unread", then)
    return Quality(classes, paced.opportunities) if classes else None
