"""The parameters of a process: read at the first use, refreshed in the background, and kept if a later read fails."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from bidder import aws, log
from bidder.aws.parameter_copy import read_again_after, read_parameters, utc_now
from bidder.aws.path import under_path
from bidder.background_refresh import PATIENCE, BackgroundRefreshed
from bidder.events.token import SigningKeys
from bidder.log import emf
from bidder.parameters import DEFAULTS, Parameters, Reading, better, read
from bidder.settings import InvalidSettings, Settings

if TYPE_CHECKING:
    from bidder.events.price_keys import PriceKeys

Value = TypeVar("Value")


class CurrentParameters:
    """Reads the parameters under the path of the settings. Safe for many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._public_reading: Reading | None = None
        self._read_at = utc_now()
        """The time at which Parameter Store returned the current parameters."""
        self.readings = BackgroundRefreshed("all", self.read_all, self.seconds_left)
        """The last read of the parameters, with its faults."""

    @property
    def has_read(self) -> bool:
        """Whether the first read has ended."""
        return self.readings.last_value is not None

    def begin(self) -> None:
        """Starts the first read unless it has ended, and returns without waiting."""
        self.readings.begin()

    def value(self, patience: float = PATIENCE) -> Parameters:
        """The current parameters. Waits only for the first read, at most `patience` seconds.

        Raises NotRead, and the errors of the first read.
        """
        return self.readings.value(patience).parameters

    def value_or_defaults(self) -> Parameters:
        """The current parameters: defaults until the first read has ended."""
        reading = self.readings.last_value
        return DEFAULTS if reading is None else reading.parameters

    @property
    def signing_keys(self) -> SigningKeys:
        """The keys that sign event URLs. Raises InvalidSettings if the parameter is not usable."""
        return self._require_value("signing-keys", self.value().signing_keys)

    def signing_keys_with(self, key_id: str) -> SigningKeys:
        """The signing keys for a token of this key. If the keys lack it and are older than their lifetime, reads again.

        A process that had no request for minutes still has the keys from before a rotation. Raises InvalidSettings, and
        NotRead if the keys are not read again in time.
        """
        keys = self.signing_keys
        if key_id in keys.keys:
            return keys
        return self._require_value("signing-keys", self.readings.newest().parameters.signing_keys)

    @property
    def price_keys(self) -> "PriceKeys":
        """The keys of the exchanges that encrypt prices. Raises InvalidSettings if the parameter is not usable."""
        return self._require_value("price-keys", self.value().price_keys)

    def read_without_secrets(self) -> Parameters:
        """The parameters that are not secret, read from Parameter Store at each call. A refresh needs no secret.

        Returns the last valid parameters if the read fails. Raises InvalidSettings if `exchanges` was never readable.
        """
        try:
            values = under_path(aws.minimal("ssm"), self._settings.parameters, secrets=False)
            self._public_reading = self._accept_reading(self._public_reading, read(values, secrets=False))
        except Exception as failure:
            if self._public_reading is None:
                raise
            reason = type(failure).__name__
            metric = emf(datetime.now(UTC), "ParameterKept", "unread", parameter="all", why=reason)
            log.error("parameter.kept", **metric)
        self._require_value("exchanges", self._public_reading.parameters.exchanges, self._public_reading)
        return self._public_reading.parameters

    def read_all(self, current_reading: Reading | None) -> Reading:
        """Reads all parameters, secrets too, from their copy in S3 or from Parameter Store."""
        stored = read_parameters(
            lambda: aws.minimal("s3-parameters"),
            lambda: aws.minimal("ssm"),
            self._settings.snapshot_bucket,
            self._settings.parameters,
            utc_now,
        )
        self._read_at = stored.at
        return self._accept_reading(current_reading, read(stored.values))

    def seconds_left(self, reading: Reading) -> float:
        """The seconds until the parameters are read again: fewer if they came from an older copy."""
        age = (utc_now() - self._read_at).total_seconds()
        return read_again_after(reading.parameters.parameter_lifetime, age)

    def _accept_reading(self, current_reading: Reading | None, new_reading: Reading) -> Reading:
        """The reading to use: the `better` of two. Each fault of the new reading is logged by name and counted."""
        accepted_reading = better(current_reading, new_reading)
        is_new = accepted_reading is new_reading
        then = "the other new parameters are used" if is_new else "all of the last good parameters stay in use"
        for name, reason in new_reading.wrong.items():
            metric = emf(datetime.now(UTC), "ParameterKept", "invalid", parameter=name, why=reason, then=then)
            log.warning("parameter.refused", **metric)
        return accepted_reading

    def _require_value(self, name: str, value: Value | None, reading: Reading | None = None) -> Value:
        """The value of a parameter. Raises InvalidSettings if it is None, with its fault in the reading."""
        if value is not None:
            return value
        mistake = (reading or self.readings.value()).wrong.get(name)
        msg = f"the parameter {self._settings.parameters}/{name} can't be used: {mistake}"
        raise InvalidSettings(msg)
