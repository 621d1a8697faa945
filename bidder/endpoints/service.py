"""What a process holds on to between requests, each thing made when first needed.

What a bid has no use for is imported then as well.
"""

import os
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from bidder import aws, log
from bidder.endpoints.bids import Bids
from bidder.endpoints.no_bids import NoBids
from bidder.events.token import SigningKeys
from bidder.renewed import Renewed
from bidder.settings import InvalidSettings, Settings
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.last_good import LastGood
from bidder.snapshot.store import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from bidder.campaigns.repository import CampaignRepository
    from bidder.campaigns.taxonomies import Taxonomies
    from bidder.events.archive import Archive
    from bidder.events.exchange import Exchanges
    from bidder.events.frequency import Frequency
    from bidder.events.judge import Judge
    from bidder.events.learning import Learning
    from bidder.events.ledger import Ledger
    from bidder.events.price_keys import PriceKeys
    from bidder.events.publisher import Publisher
    from bidder.snapshot.index import Index
    from bidder.snapshot.list_store import ListStore

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")


class _Parameter(Generic[Value]):
    """A property read from Parameter Store, and anew once it is `parameter_lifetime` seconds old (`bidder.renewed`)."""

    def __init__(self, read: "Callable[[Service], Value]") -> None:
        self._read = read
        self._name = read.__name__
        self.__doc__ = read.__doc__

    def __get__(self, service: "Service", _: object = None) -> Value:
        held = service.renewed.get(self._name)
        if held is None:
            lifetime = service.settings.parameter_lifetime
            held = service.renewed.setdefault(self._name, Renewed(self._name, lambda: self._read(service), lifetime))
        value: Value = held.value()
        return value


class Service:
    """The rooms of the bidder, furnished with the AWS of the environment."""

    def __init__(self, settings: Settings, who: str = "unknown") -> None:
        """`who` the history of campaigns names as the one who changed them."""
        self.settings = settings
        self._who = who
        self.refreshed: Index | None = None
        """The index of the refresh before this one, where it was in this process."""
        self.renewed: dict[str, Renewed[Any]] = {}

    def woken(self) -> None:
        """Forgets what lay in a frozen image: parameters, which the clock of an image believes to be new, and a name.

        The keeper sees by itself that its snapshot is old, and connections that they are.
        """
        self.renewed.clear()
        vars(self).pop("bids", None)  # no two processes may count under one name

    @cached_property
    def room(self) -> BoundedSemaphore:
        """A place for each bid that may be decided at once."""
        return BoundedSemaphore(self.settings.most_bids_at_once)

    @cached_property
    def no_bids(self) -> NoBids:
        """The counts of why there were no bids."""
        return NoBids()

    @cached_property
    def bids(self) -> Bids:
        """The counts of the bids that were made."""
        return Bids(os.urandom(8).hex(), lambda events: self.publisher.publish_all(events))

    @cached_property
    def store(self) -> SnapshotStore:
        """Where snapshots are."""
        return SnapshotStore(aws.client("s3"), self.settings.snapshot_bucket)

    @cached_property
    def keeper(self) -> Keeper:
        """The snapshot of the moment."""
        bucket = self.settings.snapshot_bucket
        return Keeper(
            LastGood(aws.light("s3"), bucket, _copies(bucket)).load,
            interval=timedelta(seconds=self.settings.snapshot_check_interval),
            hard_age=timedelta(seconds=self.settings.snapshot_hard_age),
            warn_age=timedelta(seconds=self.settings.snapshot_warn_age),
        )

    @_Parameter
    def signing_keys(self) -> SigningKeys:
        """The keys of event URLs. Raises InvalidSettings where what is there is no key set."""
        return self._parameter("signing-keys", SigningKeys)

    @_Parameter
    def price_keys(self) -> "PriceKeys":
        """The keys of the exchanges that encrypt prices, if any. Raises InvalidSettings where they can't be read."""
        from bidder.events.price_keys import PriceKeys

        try:
            return self._parameter("price-keys", PriceKeys)
        except aws.light("ssm").exceptions.ParameterNotFound:
            return PriceKeys({})

    @_Parameter
    def exchanges(self) -> "Exchanges":
        """What is agreed with exchanges, if anything. Raises InvalidSettings where it can't be read."""
        from bidder.events.exchange import Exchanges

        try:
            return self._parameter("exchanges", Exchanges)
        except aws.light("ssm").exceptions.ParameterNotFound:
            return Exchanges({})

    @_Parameter
    def admin_key(self) -> str | None:
        """What operators prove themselves by; None where there is none."""
        try:
            return self._secret("admin-key")
        except aws.light("ssm").exceptions.ParameterNotFound:
            return None

    def currency_rates(self) -> dict[str, int]:
        """Exchange rates, from Parameter Store, where an operator or a job of theirs keeps them.

        None where there are none. Rates that can't be used count as none, so that no bid is made by a wrong one.
        """
        from bidder.currency import InvalidRates, read_rates

        ssm, name = aws.client("ssm"), f"{self.settings.parameters}/currency-rates"
        try:
            return read_rates(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            return {}
        except InvalidRates as error:
            log.warning("rates.refused", parameter=name, reason=str(error))
            return {}

    @cached_property
    def publisher(self) -> "Publisher":
        """The way to the topic of events."""
        from bidder.events.aside import Aside
        from bidder.events.publisher import Publisher

        aside = Aside(lambda: aws.impatient("sqs"), self.settings.notices_queue)
        return Publisher(aws.impatient("sns"), self.settings.events_topic, aside)

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
    def ledger(self) -> "Ledger":
        """What has been spent."""
        from bidder.events.ledger import Ledger

        return Ledger(aws.client("dynamodb"), self.settings.ledger_table)

    @cached_property
    def judge(self) -> "Judge":
        """What tells invalid traffic by what else was seen."""
        from bidder.events.judge import Judge
        from bidder.events.places import Places

        return Judge(Places(aws.client("dynamodb"), self.settings.ledger_table), at_once=8)

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

    def _parameter(self, name: str, model: type[Model]) -> Model:
        """A secret out of Parameter Store, read as what it has to be."""
        path = f"{self.settings.parameters}/{name}"
        value = self._secret(name)
        try:
            return model.model_validate_json(value)
        except ValidationError as error:
            # Neither the value nor pydantic's view of it may reach a log: it holds keys.
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in error.errors())
            msg = f"the parameter {path} is not what {model.__name__} are read from: {wrong}"
            raise InvalidSettings(msg) from None

    def _secret(self, name: str) -> str:
        path = f"{self.settings.parameters}/{name}"
        return aws.light("ssm").get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]


def _copies(bucket: str) -> Path:
    """Where this environment keeps the snapshot that it has: `/tmp` in Lambda. To import tempfile takes 2 ms."""
    return Path(os.environ.get("TMPDIR", "/tmp")) / f"bidder-{bucket}"  # noqa: S108  as tempfile has it
