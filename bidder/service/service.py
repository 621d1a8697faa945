"""What a process holds on to between requests, each thing made when first needed.

What a bid has no use for is imported then as well.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bidder import aws, log
from bidder.aws.parameter_copy import read_again_after, read_parameters, utc_now
from bidder.aws.path import under_path
from bidder.background_refresh import BackgroundRefreshed
from bidder.events.token import SigningKeys
from bidder.metrics import emf
from bidder.parameters import DEFAULTS, Parameters, Reading, better, read
from bidder.service.admission import ConcurrencyLimit
from bidder.service.bid_counts import BidCounts
from bidder.service.concentration import Concentration
from bidder.service.no_bid_counts import NoBidCounts
from bidder.service.traffic_counts import TrafficCounts
from bidder.settings import InvalidSettings, Settings
from bidder.snapshot.disk_fallback import DiskFallback
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.store import SnapshotStore

if TYPE_CHECKING:
    from bidder.campaigns.repository import CampaignRepository
    from bidder.campaigns.segments import SegmentRepository
    from bidder.campaigns.taxonomies import Taxonomies
    from bidder.events.archive import Archive
    from bidder.events.frequency import Frequency
    from bidder.events.ivt_filter import IvtFilter
    from bidder.events.learning import Learning
    from bidder.events.ledger import Ledger
    from bidder.events.price_keys import PriceKeys
    from bidder.events.publisher import EventPublisher
    from bidder.events.traffic_log import TrafficLog
    from bidder.snapshot.index import Index
    from bidder.snapshot.list_store import ListStore
    from bidder.snapshot.pacing_store import PacingStore
    from bidder.snapshot.snapshot import Snapshot
    from bidder.stitchers import Stitchers

Value = TypeVar("Value")


class Service:
    """The rooms of the bidder, furnished with the AWS of the environment."""

    def __init__(self, settings: Settings, who: str = "unknown") -> None:
        """`who` the history of campaigns names as the one who changed them."""
        self.settings = settings
        self._who = who
        self.refreshed: Index | None = None
        """The index of the refresh before this one, where it was in this process."""
        self._plain: Reading | None = None
        self._read_at = utc_now()
        """When Parameter Store was asked for the parameters that were read last."""

    def woken(self) -> None:
        """Forgets what lay in a frozen image: parameters, which the clock of an image believes to be new, and a name.

        The keeper sees by itself that its snapshot is old, and connections that they are.
        """
        vars(self).pop("renewed", None)
        vars(self).pop("bids", None)  # no two processes may count under one name
        vars(self).pop("traffic", None)

    @cached_property
    def renewed(self) -> BackgroundRefreshed[Reading]:
        """The parameters as they were read last, and what was wrong with them."""
        return BackgroundRefreshed("all", self._read, self._seconds_left)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the moment. The errors of a process's first read pass through."""
        return self.renewed.value().parameters

    def load(self, now: datetime, patience: Callable[[], float]) -> "Snapshot | None":
        """Has the parameters read and the snapshot loaded, side by side where both are missing, and waits for them.

        `patience` says how many seconds the caller can wait from now on; what is missing then is loaded behind it. None
        where there is no snapshot to bid from by then. Raises NotRead, and the errors of a process's first read of the
        parameters.
        """
        deadline = time.monotonic() + patience()
        if self.renewed.held is None:
            self.renewed.begin()
            self.keeper.begin(now)
        self.renewed.value(deadline - time.monotonic())
        # asked again: the parameters say what of `tmax` the network takes
        return self.keeper.current(now, min(deadline - time.monotonic(), patience()))

    @property
    def limits(self) -> Parameters:
        """The current parameters without waiting: defaults until the first read has ended."""
        held = self.renewed.held
        return DEFAULTS if held is None else held.parameters

    def known_stitchers(self) -> "Stitchers":
        """The servers whose word on the viewer is taken."""
        return self.parameters.stitchers

    @cached_property
    def room(self) -> ConcurrencyLimit:
        """A place for each bid that may be decided at once."""
        return ConcurrencyLimit(lambda: self.limits.most_bids_at_once)

    @cached_property
    def no_bids(self) -> NoBidCounts:
        """The counts of why there were no bids."""
        return NoBidCounts()

    @cached_property
    def bids(self) -> BidCounts:
        """The counts of the bids that were made."""
        return BidCounts(os.urandom(8).hex(), lambda events: self.publisher.publish_all(events))

    @cached_property
    def traffic(self) -> TrafficCounts:
        """The counts of opportunities and bids, for pacing."""
        return TrafficCounts(os.urandom(8).hex(), lambda events: self.publisher.publish_all(events))

    @cached_property
    def concentration(self) -> Concentration:
        """The burst guard."""
        return Concentration()

    @cached_property
    def traffic_log(self) -> "TrafficLog":
        """What all processes counted in the last minutes."""
        from bidder.events.traffic_log import TrafficLog

        return TrafficLog(aws.client("dynamodb"), self.settings.learning_table)

    @cached_property
    def pacing_store(self) -> "PacingStore":
        """What pacing remembers from one refresh to the next."""
        from bidder.snapshot.pacing_store import PacingStore

        return PacingStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def store(self) -> SnapshotStore:
        """Where snapshots are."""
        return SnapshotStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def keeper(self) -> Keeper:
        """The snapshot of the moment."""
        bucket = self.settings.snapshot_bucket
        return Keeper(DiskFallback(aws.minimal("s3"), bucket, _copies(bucket)).load, lambda: self.limits.ages)

    @property
    def signing_keys(self) -> SigningKeys:
        """The keys of event URLs. Raises InvalidSettings where what is there is no key set."""
        return self._usable("signing-keys", self.parameters.signing_keys)

    @property
    def price_keys(self) -> "PriceKeys":
        """The keys of the exchanges that encrypt prices, if any. Raises InvalidSettings where they can't be read."""
        return self._usable("price-keys", self.parameters.price_keys)

    def plain_parameters(self) -> Parameters:
        """Those that are no secret, read anew at each call, as a refresh makes one: no secret is opened.

        The last good ones where they can't be. Raises InvalidSettings where what is agreed with exchanges never could.
        """
        try:
            values = under_path(aws.minimal("ssm"), self.settings.parameters, secrets=False)
            self._plain = self._judged(self._plain, read(values, secrets=False))
        except Exception as failure:
            if self._plain is None:
                raise
            why = type(failure).__name__
            its = emf(datetime.now(UTC), "ParameterKept", "unread", parameter="all", why=why)
            log.error("parameter.kept", **its)
        if self._plain.parameters.exchanges is None:
            msg = f"{self.settings.parameters}/exchanges can't be used: {self._plain.wrong.get('exchanges')}"
            raise InvalidSettings(msg)
        return self._plain.parameters

    @cached_property
    def publisher(self) -> "EventPublisher":
        """The way to the topic of events."""
        from bidder.events.fallback_queue import FallbackQueue
        from bidder.events.publisher import EventPublisher

        aside = FallbackQueue(lambda: aws.short_timeout("sqs"), self.settings.notices_queue)
        return EventPublisher(aws.short_timeout("sns"), self.settings.events_topic, aside)

    @cached_property
    def campaigns(self) -> "CampaignRepository":
        """What is for sale."""
        from bidder.campaigns.repository import CampaignRepository

        return CampaignRepository(
            aws.client("dynamodb"), self.settings.campaigns_table, self.settings.history_table, self._who
        )

    @cached_property
    def taxonomies(self) -> "Taxonomies":
        """What categories are above and below each other: asked when campaigns are imported, never by a bid."""
        from bidder.campaigns.taxonomies import Taxonomies

        return Taxonomies(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def lists(self) -> "ListStore":
        """The lists of ids."""
        from bidder.snapshot.list_store import ListStore

        return ListStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def segments(self) -> "SegmentRepository":
        """What is known of segments: for the command line alone."""
        from bidder.campaigns.segments import SegmentRepository

        return SegmentRepository(aws.client("dynamodb"), self.settings.history_table, self._who)

    @cached_property
    def ledger(self) -> "Ledger":
        """What has been spent."""
        from bidder.events.ledger import Ledger

        return Ledger(aws.client("dynamodb"), self.settings.ledger_table)

    @cached_property
    def spent(self) -> "Ledger":
        """The same for who reads alone, and much."""
        from bidder.events.ledger import Ledger

        return Ledger(aws.minimal("dynamodb"), self.settings.ledger_table)

    @cached_property
    def judge(self) -> "IvtFilter":
        """What tells invalid traffic by what else was seen."""
        from bidder.events.bounded_sets import BoundedSets
        from bidder.events.ivt_filter import IvtFilter

        return IvtFilter(BoundedSets(aws.client("dynamodb"), self.settings.ledger_table), at_once=8)

    @cached_property
    def learning(self) -> "Learning":
        """What became of bids."""
        from bidder.events.learning import Learning

        return Learning(aws.client("dynamodb"), self.settings.learning_table)

    @cached_property
    def frequency(self) -> "Frequency":
        """What viewers were shown."""
        from bidder.events.frequency import Frequency

        return Frequency(aws.client("dynamodb"), self.settings.frequency_table)

    @cached_property
    def archive(self) -> "Archive":
        """Every event there was."""
        from bidder.events.archive import Archive

        return Archive(aws.client("s3"), self.settings.archive_bucket)

    def _read(self, held: Reading | None) -> Reading:
        """Reads all parameters, secrets too, from their copy in S3 or from Parameter Store."""
        where = self.settings
        stored = read_parameters(
            lambda: aws.minimal("s3-parameters"),
            lambda: aws.minimal("ssm"),
            where.snapshot_bucket,
            where.parameters,
            utc_now,
        )
        self._read_at = stored.at
        return self._judged(held, read(stored.values))

    def _seconds_left(self, reading: Reading) -> float:
        """How long parameters that were just read are good for: less where they came from a copy that has an age."""
        age = (utc_now() - self._read_at).total_seconds()
        return read_again_after(reading.parameters.parameter_lifetime, age)

    def _judged(self, held: Reading | None, new: Reading) -> Reading:
        """The parameters to go on with: what is wrong is logged by name and counted, and the last good ones stay."""
        kept = better(held, new)
        then = "taken, the rest by default" if kept is new else "the last good ones stay, all of them"
        for name, reason in new.wrong.items():
            its = emf(datetime.now(UTC), "ParameterKept", "invalid", parameter=name, why=reason, then=then)
            log.warning("parameter.refused", **its)
        return kept

    def _usable(self, name: str, its: Value | None) -> Value:
        if its is not None:
            return its
        wrong = self.renewed.value().wrong.get(name)
        msg = f"the parameter {self.settings.parameters}/{name} can't be used: {wrong}"
        raise InvalidSettings(msg)


def _copies(bucket: str) -> Path:
    """Where this environment keeps the snapshot that it has: `/tmp` in Lambda. To import tempfile takes 2 ms."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / f"bidder-{bucket}"  # noqa: S108  as tempfile has it
