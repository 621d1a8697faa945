"""The Service: the clients, stores and counts that a process keeps between requests.

Each is made at its first use. Modules that a bid does not need are imported at that time too.
"""

import os
import time
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from bidder import aws
from bidder.events.token import SigningKeys
from bidder.parameters import Parameters
from bidder.service.admission import ConcurrencyLimit
from bidder.service.bid_counts import BidCounts
from bidder.service.bids_in_flight import BidsInFlight
from bidder.service.concentration import Concentration
from bidder.service.current_parameters import CurrentParameters
from bidder.service.no_bid_counts import NoBidCounts
from bidder.service.traffic_counts import TrafficCounts
from bidder.settings import Settings
from bidder.shared_run import Start, in_background
from bidder.snapshot.disk_fallback import DiskFallback, copy_folder
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.store import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bidder.campaigns.advertisers import AdvertiserRepository
    from bidder.campaigns.repository import CampaignRepository
    from bidder.campaigns.segments import SegmentRepository
    from bidder.campaigns.taxonomies import Taxonomies
    from bidder.delivery.budget import Withheld
    from bidder.delivery.frequency import Exposures
    from bidder.delivery.frequency_store import FrequencyReader
    from bidder.events.archive import Archive
    from bidder.events.frequency import Frequency
    from bidder.events.ivt_filter import IvtFilter
    from bidder.events.learning import Learning
    from bidder.events.ledger import Ledger
    from bidder.events.price_keys import PriceKeys
    from bidder.events.publisher import EventPublisher
    from bidder.events.traffic_log import TrafficLog
    from bidder.openrtb.bid_request import BidRequest
    from bidder.snapshot.index_reader import IndexReader
    from bidder.snapshot.list_store import ListStore
    from bidder.snapshot.pacing_store import PacingStore
    from bidder.snapshot.snapshot import Snapshot


class Service:
    """The clients, stores and counts of this process, for the AWS account of the environment."""

    def __init__(self, settings: Settings, author: str = "unknown", start: Start = in_background) -> None:
        """`author` is the name that the history of campaigns records for changes by this process.

        `start` runs the publishing of counts.
        """
        self.settings = settings
        self._author = author
        self._start = start

    def drop_image_state(self) -> None:
        """Drops the state that a restored SnapStart image must not reuse: its parameters and the names of its counts.

        The image's monotonic clock makes old parameters look new. The keeper and the connections detect their own age.
        """
        vars(self).pop("current_parameters", None)
        vars(self).pop("bids", None)  # two processes must not count under one name
        vars(self).pop("traffic", None)

    @cached_property
    def current_parameters(self) -> CurrentParameters:
        """The parameters of this process, with the reads that keep them current."""
        return CurrentParameters(self.settings)

    @property
    def parameters(self) -> Parameters:
        """The current parameters. Raises NotRead, and the errors of the process's first read."""
        return self.current_parameters.value()

    @property
    def parameters_or_defaults(self) -> Parameters:
        """The current parameters without waiting: defaults until the first read has ended."""
        return self.current_parameters.value_or_defaults()

    @property
    def signing_keys(self) -> SigningKeys:
        """The keys that sign event URLs. Raises InvalidSettings if the parameter is not usable."""
        return self.current_parameters.signing_keys

    @property
    def price_keys(self) -> "PriceKeys":
        """The keys of the exchanges that encrypt prices. Raises InvalidSettings if the parameter is not usable."""
        return self.current_parameters.price_keys

    def load(self, now: datetime, patience: Callable[[], float]) -> "Snapshot | None":
        """The current snapshot, or None if there is no usable snapshot in time.

        A cold start reads the parameters and loads the snapshot in parallel. `patience` returns how many seconds the
        caller can still wait; loading goes on in the background after that. Raises NotRead, and the errors of the
        process's first read of the parameters.
        """
        parameters = self.current_parameters
        if not parameters.has_read:
            deadline = time.monotonic() + patience()
            parameters.begin()
            self.keeper.begin(now)
            parameters.value(deadline - time.monotonic())
            # called again, since the parameters hold the network's share of `tmax`
            return self.keeper.current(now, lambda: min(deadline - time.monotonic(), patience()))
        parameters.value()
        return self.keeper.current(now, patience)

    def is_stitcher(self, address: str) -> bool:
        """Whether an ad-insertion server, which may state the viewer's address and user agent, has this address."""
        return self.parameters.stitchers.name_at(address) is not None

    @cached_property
    def concurrency_limit(self) -> ConcurrencyLimit:
        """The concurrency limit of requests in this process."""
        return ConcurrencyLimit(lambda: self.parameters_or_defaults.most_bids_at_once)

    @cached_property
    def no_bids(self) -> NoBidCounts:
        """The counts of answers and no-bid reasons."""
        counts = NoBidCounts()
        counts.note_rejections = self.traffic.note_rejections
        counts.count_withheld = self._count_withheld
        return counts

    def _count_withheld(self) -> "Mapping[Withheld, int]":
        snapshot = self.keeper.last_loaded
        return snapshot.delivery.withheld_counts() if snapshot else {}

    @cached_property
    def bids(self) -> BidCounts:
        """The counts of bids."""
        return BidCounts(os.urandom(8).hex(), lambda events: self.publisher.publish_all(events), self._start)

    @cached_property
    def traffic(self) -> TrafficCounts:
        """The counts of opportunities and bids, for pacing."""
        return TrafficCounts(os.urandom(8).hex(), lambda events: self.publisher.publish_all(events), self._start)

    @cached_property
    def concentration(self) -> Concentration:
        """The burst guard."""
        return Concentration()

    @cached_property
    def in_flight(self) -> BidsInFlight:
        """The recent bids of this process for capped campaigns."""
        return BidsInFlight()

    @cached_property
    def traffic_log(self) -> "TrafficLog":
        """The traffic counts of all processes in recent minutes."""
        from bidder.events.traffic_log import TrafficLog

        return TrafficLog(aws.client("dynamodb"), self.settings.learning_table)

    @cached_property
    def pacing_store(self) -> "PacingStore":
        """The state of pacing between two refreshes."""
        from bidder.snapshot.pacing_store import PacingStore

        return PacingStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def store(self) -> SnapshotStore:
        """The store of snapshots in S3."""
        return SnapshotStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def index_reader(self) -> "IndexReader":
        """The reader of the indexes that refreshes start from."""
        from bidder.snapshot.index_reader import IndexReader

        return IndexReader(self.store)

    @cached_property
    def keeper(self) -> Keeper:
        """The keeper of the current snapshot."""
        bucket = self.settings.snapshot_bucket
        fallback = DiskFallback(aws.minimal("s3"), bucket, copy_folder(bucket))
        return Keeper(fallback.load, lambda: self.parameters_or_defaults.ages)

    @cached_property
    def publisher(self) -> "EventPublisher":
        """The publisher of events to SNS, with an SQS queue as the fallback."""
        from bidder.events.fallback_queue import FallbackQueue
        from bidder.events.publisher import EventPublisher

        fallback = FallbackQueue(lambda: aws.short_timeout("sqs"), self.settings.notices_queue)
        return EventPublisher(aws.short_timeout("sns"), self.settings.events_topic, fallback)

    @cached_property
    def campaigns(self) -> "CampaignRepository":
        """The campaigns in DynamoDB, with their history."""
        from bidder.campaigns.repository import CampaignRepository

        tables = self.settings.campaigns_table, self.settings.history_table
        return CampaignRepository(aws.client("dynamodb"), *tables, self._author)

    @cached_property
    def taxonomies(self) -> "Taxonomies":
        """The category taxonomies in S3. Imports of campaigns read them; bids never do."""
        from bidder.campaigns.taxonomies import Taxonomies

        return Taxonomies(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def lists(self) -> "ListStore":
        """The id lists in S3 that campaigns target."""
        from bidder.snapshot.list_store import ListStore

        return ListStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def segments(self) -> "SegmentRepository":
        """The names of segments. Only the command line uses them."""
        from bidder.campaigns.segments import SegmentRepository

        return SegmentRepository(aws.client("dynamodb"), self.settings.history_table, self._author)

    @cached_property
    def advertisers(self) -> "AdvertiserRepository":
        """The limits of advertisers in DynamoDB."""
        from bidder.campaigns.advertisers import AdvertiserRepository

        return AdvertiserRepository(aws.client("dynamodb"), self.settings.history_table, self._author)

    @cached_property
    def ledger(self) -> "Ledger":
        """The spend of campaigns in DynamoDB."""
        from bidder.events.ledger import Ledger

        return Ledger(aws.client("dynamodb"), self.settings.ledger_table)

    @cached_property
    def spend_reader(self) -> "Ledger":
        """The spend for a refresh, read-only and with a faster client."""
        from bidder.events.ledger import Ledger

        return Ledger(aws.minimal("dynamodb"), self.settings.ledger_table)

    @cached_property
    def ivt_filter(self) -> "IvtFilter":
        """The filter that detects invalid traffic by comparing an event with earlier ones."""
        from bidder.events.bounded_sets import BoundedSets
        from bidder.events.ivt_filter import IvtFilter

        return IvtFilter(BoundedSets(aws.client("dynamodb"), self.settings.ledger_table), at_once=8)

    @cached_property
    def learning(self) -> "Learning":
        """The counts of outcomes of impressions in DynamoDB."""
        from bidder.events.learning import Learning

        return Learning(aws.client("dynamodb"), self.settings.learning_table)

    @cached_property
    def frequency(self) -> "Frequency":
        """The counts of impressions by viewer in DynamoDB, for frequency caps."""
        from bidder.events.frequency import Frequency

        return Frequency(aws.client("dynamodb"), self.settings.frequency_table)

    @cached_property
    def frequency_reader(self) -> "FrequencyReader":
        """The reader of viewers' exposures, for bids."""
        from bidder.delivery.frequency_store import FrequencyReader

        return FrequencyReader(lambda: aws.minimal("dynamodb"), self.settings.frequency_table)

    def exposures(
        self, request: "BidRequest", now: datetime, patience: Callable[[], float] | None = None
    ) -> "Exposures":
        """The impressions of the viewer of a request, read within the parameter `frequency-deadline`.

        `patience` returns the most seconds that the caller can wait. A request without a viewer has unknown exposures.
        """
        from bidder.privacy.viewer import pseudonyms

        names, seconds = pseudonyms(request, self.signing_keys), self.parameters.frequency_deadline / 1000
        if patience is not None:
            seconds = min(seconds, patience())
        return self.in_flight.add_bids_in_flight(self.frequency_reader.exposures(*names, seconds, now), names, now)

    @cached_property
    def archive(self) -> "Archive":
        """The archive of all events in S3."""
        from bidder.events.archive import Archive

        return Archive(aws.client("s3"), self.settings.archive_bucket)
