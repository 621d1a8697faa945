"""All parameters in one encrypted object of S3: what new environments read in place of Parameter Store.

Parameter Store takes 40 reads a second of an account and region, S3 5,500 of a prefix. The object is written every
minute.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from bidder import log
from bidder.aws.path import under_path

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

KEY = "parameters/current.json"
_LIFETIME, _DEFAULT_LIFETIME = "parameter-lifetime", 60.0


def good_for(lifetime: float) -> float:
    """How many seconds old the object may be, by `parameter-lifetime`: at the default one copy may fail."""
    return min(100.0, lifetime + 40)


def read_again_after(lifetime: float, age: float) -> float:
    """Seconds until a process reads anew parameters that were `age` seconds old when it read them."""
    return max(lifetime / 6, min(lifetime, lifetime - age))


def longest_delay(lifetime: float) -> float:
    """Seconds until a change of a parameter has reached every process that is asked for something then.

    It is less than a minute more than `parameter-lifetime`.
    """
    return good_for(lifetime) + read_again_after(lifetime, good_for(lifetime))


class ParameterValues(NamedTuple):
    """Parameters by name, and when Parameter Store was asked for them."""

    values: dict[str, str]
    at: datetime


def pack(values: dict[str, str], path: str, at: datetime) -> bytes:
    """The object."""
    return json.dumps({"path": path, "at": at.isoformat(), "values": values}).encode()


def unpack(data: bytes, path: str, now: datetime) -> ParameterValues | None:
    """What an object holds; None where it is of another path, or older than what is in it allows. Raises ValueError."""
    document: Any = json.loads(data)
    values, at = dict(document["values"]), datetime.fromisoformat(document["at"])
    if document["path"] != path or abs(now - at) > timedelta(seconds=good_for(_lifetime(values))):
        return None
    return ParameterValues(values, at)


def read_parameters(
    s3: "Callable[[], S3Client]", ssm: "Callable[[], SSMClient]", bucket: str, path: str, now: Callable[[], datetime]
) -> ParameterValues:
    """All parameters, secrets too: from the object while it is good, else from Parameter Store, whose errors pass."""
    try:
        copied = unpack(s3().get_object(Bucket=bucket, Key=KEY)["Body"].read(), path, now())
    except Exception as error:  # no object, or none that may be read: Parameter Store has what it is a copy of
        log.event("parameters.uncopied", why=type(error).__name__)
        copied = None
    if copied is not None:
        return copied
    at = now()
    return ParameterValues(under_path(ssm(), path, secrets=True), at)


def utc_now() -> datetime:
    """The moment."""
    return datetime.now(UTC)


def _lifetime(values: dict[str, str]) -> float:
    try:
        return float(values.get(_LIFETIME, _DEFAULT_LIFETIME))
    except ValueError:
        return _DEFAULT_LIFETIME
