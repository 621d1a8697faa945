"""What a process holds on to between requests, each thing made when first needed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, TypeVar

from bidder import aws, log
from bidder.campaigns.repository import CampaignRepository
from bidder.endpoints.no_bids import NoBids
from bidder.endpoints.room import Room
from bidder.events.archive import Archive
from bidder.events.aside import Aside
from bidder.events.frequency import Frequency
from bidder.events.learning import Learning
from bidder.events.ledger import Ledger
from bidder.events.minutes import Minutes
from bidder.events.price_keys import PriceKeys
from bidder.events.publisher import Publisher
from bidder.events.token import SigningKeys
from bidder.metrics import emf
from bidder.parameters import DEFAULTS, Parameters, Reading, better, fetched, read
from bidder.renewed import Renewed
from bidder.settings import InvalidSettings, Settings
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.last_good import LastGood
from bidder.snapshot.store import SnapshotStore

if TYPE_CHECKING:
    from bidder.campaigns.segments import SegmentRepository
    from bidder.snapshot.index import Index

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

    @cached_property
    def renewed(self) -> Renewed[Reading]:
        """The parameters as they were read last, and what was wrong with them."""
        return Renewed("all", self._read, lambda reading: reading.parameters.parameter_lifetime)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the moment. The errors of a process's first read pass through."""
        return self.renewed.value().parameters

    @property
    def limits(self) -> Parameters:
        """The parameters for whoever can't wait for them: their defaults until they are read."""
        held = self.renewed.held
        return DEFAULTS if held is None else held.parameters

    @cached_property
    def room(self) -> Room:
        """A place for each bid that may be decided at once."""
        return Room(lambda: self.limits.most_bids_at_once)

    @cached_property
    def no_bids(self) -> NoBids:
        """The counts of why there were no bids."""
        return NoBids()

    @cached_property
    def store(self) -> SnapshotStore:
        """Where snapshots are."""
        return SnapshotStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def keeper(self) -> Keeper:
        """The snapshot of the moment."""
        bucket = self.settings.snapshot_bucket
        return Keeper(LastGood(aws.light("s3"), bucket, _copies(bucket)).load, lambda: self.limits.ages)

    @property
    def signing_keys(self) -> SigningKeys:
        """The keys of event URLs. Raises InvalidSettings where what is there is no key set."""
        return self._usable("signing-keys", self.parameters.signing_keys)

    @property
    def price_keys(self) -> PriceKeys:
        """The keys of the exchanges that encrypt prices, if any. Raises InvalidSettings where they can't be read."""
        return self._usable("price-keys", self.parameters.price_keys)

    def currency_rates(self) -> Mapping[str, int]:
        """Exchange rates, read anew at each call, as once a minute; the last good ones where they can't be.

        None where there never were any that could be used, so that no bid is made by a wrong one. It needs no secret,
        and opens none.
        """
        try:
            self._plain = self._read(self._plain, secrets=False)
        except Exception as failure:
            if self._plain is None:
                raise
            why = type(failure).__name__
            its = emf(datetime.now(UTC), "ParameterKept", "unread", parameter="currency-rates", why=why)
            log.error("parameter.kept", **its)
        return self._plain.parameters.currency_rates

    @cached_property
    def publisher(self) -> Publisher:
        """The way to the topic of events."""
        aside = Aside(lambda: aws.impatient("sqs"), self.settings.notices_queue)
        return Publisher(aws.impatient("sns"), self.settings.events_topic, aside)

    @cached_property
    def campaigns(self) -> CampaignRepository:
        """What is for sale."""
        return CampaignRepository(
            aws.client("dynamodb"), self.settings.campaigns_table, self.settings.history_table, self._who
        )

    @cached_property
    def segments(self) -> "SegmentRepository":
        """What is known of segments: for the command line alone."""
        from bidder.campaigns.segments import SegmentRepository

        return SegmentRepository(aws.client("dynamodb"), self.settings.history_table, self._who)

    @cached_property
    def ledger(self) -> Ledger:
        """What has been spent."""
        return Ledger(aws.client("dynamodb"), self.settings.ledger_table)

    @cached_property
    def spent(self) -> Ledger:
        """The same for who reads alone, and much."""
        return Ledger(aws.light("dynamodb"), self.settings.ledger_table)

    @cached_property
    def minutes(self) -> Minutes:
        """What viewers saw in a minute."""
        return Minutes(aws.client("dynamodb"), self.settings.ledger_table)

    @cached_property
    def learning(self) -> Learning:
        """What became of bids."""
        return Learning(aws.client("dynamodb"), self.settings.learning_table)

    @cached_property
    def frequency(self) -> Frequency:
        """What viewers were shown."""
        return Frequency(aws.client("dynamodb"), self.settings.frequency_table)

    @cached_property
    def archive(self) -> Archive:
        """Every event there was."""
        return Archive(aws.client("s3"), self.settings.archive_bucket)

    def _read(self, held: Reading | None, *, secrets: bool = True) -> Reading:
        """Reads all parameters; what is wrong is logged by name and counted, and the last good ones stay."""
        ssm = aws.light("ssm")
        new = read(fetched(ssm, self.settings.parameters, secrets=secrets), secrets=secrets)
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
    """Where this environment keeps the snapshot that it has: `/tmp` in Lambda."""
    return Path(gettempdir()) / f"bidder-{bucket}"
