"""The copy of all parameters in one encrypted S3 object, which new environments read in place of Parameter Store.

Parameter Store allows 40 reads a second for an account and region; S3 allows 5,500 for a prefix. The object is written
every minute.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from bidder import log
from bidder.aws.path import under_path
from bidder.aws.whole_object import read_object
from bidder.repeated_failures import RepeatedFailures

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

KEY = "parameters/current.json"
_unread_copies = RepeatedFailures()
"""The failed reads of the copy by this process."""
_LIFETIME, _DEFAULT_LIFETIME = "parameter-lifetime", 60.0


def good_for(lifetime: float) -> float:
    """The greatest age of the copy in seconds, by `parameter-lifetime`. At its default, one write may fail."""
    return min(100.0, lifetime + 40)


def read_again_after(lifetime: float, age: float) -> float:
    """The seconds after which a process reads the parameters again, if they were `age` seconds old when read."""
    return max(lifetime / 6, min(lifetime, lifetime - age))


def longest_delay(lifetime: float) -> float:
    """The seconds until every process that serves requests uses a changed parameter.

    It exceeds `parameter-lifetime` by less than a minute.
    """
    return good_for(lifetime) + read_again_after(lifetime, good_for(lifetime))


class ParameterValues(NamedTuple):
    """The values of parameters by name, and when they were read from Parameter Store."""

    values: dict[str, str]
    at: datetime


def pack(values: dict[str, str], path: str, at: datetime) -> bytes:
    """The bytes of the copy."""
    return json.dumps({"path": path, "at": at.isoformat(), "values": values}).encode()


def unpack(data: bytes, path: str, now: datetime) -> ParameterValues | None:
    """The parameters of a copy, or None if it is of another path or too old (`good_for`). Raises ValueError."""
    document: Any = json.loads(data)
    values, at = dict(document["values"]), datetime.fromisoformat(document["at"])
    if document["path"] != path or abs(now - at) > timedelta(seconds=good_for(_lifetime(values))):
        return None
    return ParameterValues(values, at)


def read_parameters(
    s3: "Callable[[], S3Client]", ssm: "Callable[[], SSMClient]", bucket: str, path: str, now: Callable[[], datetime]
) -> ParameterValues:
    """All parameters, secrets too, from the copy if it is young enough, else from Parameter Store.

    Raises the errors of Parameter Store.
    """
    try:
        body, _ = read_object(s3(), Bucket=bucket, Key=KEY)
        copy = unpack(body, path, now())
    except Exception as error:  # without a readable copy, Parameter Store has the values
        reason = type(error).__name__
        if failures := _unread_copies.failed(reason):
            log.event("parameters.uncopied", why=reason, **failures.fields)
        copy = None
    else:
        if ended_failures := _unread_copies.succeeded():
            log.event("parameters.copy_recovered", **ended_failures.fields)
    if copy is not None:
        return copy
    at = now()
    return ParameterValues(under_path(ssm(), path, secrets=True), at)


def utc_now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def _lifetime(values: dict[str, str]) -> float:
    try:
        return float(values.get(_LIFETIME, _DEFAULT_LIFETIME))
    except ValueError:
        return _DEFAULT_LIFETIME
