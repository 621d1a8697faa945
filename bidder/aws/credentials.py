"""The AWS credentials and region of this process, without botocore if Lambda provides them."""

import json
import os
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import NamedTuple

from bidder.aws.signature import Credentials

_MARGIN = timedelta(minutes=5)
_TIMEOUT = 2


class NoCredentials(RuntimeError):
    """Neither the environment nor a profile has the credentials or the region."""


class _Lent(NamedTuple):
    credentials: Credentials
    until: datetime


_lent: _Lent | None = None
_asking = Lock()


def credentials(now: datetime) -> Credentials:
    """The current credentials. Raises NoCredentials, OSError.

    Lambda sets them as environment variables. Under SnapStart, variables could outlive their credentials, so Lambda
    provides a local HTTP address for them instead. On a laptop, boto3 reads them from a profile.
    """
    environ = os.environ
    if address := environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
        return _borrow(address, environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""), now)
    if "AWS_ACCESS_KEY_ID" in environ and "AWS_SECRET_ACCESS_KEY" in environ:
        token = environ.get("AWS_SESSION_TOKEN") or None
        return Credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], token)
    return _of_a_profile()


def forget() -> None:
    """Drops the cached credentials of the local HTTP address, because AWS refused them as expired."""
    global _lent
    _lent = None


def region() -> str:
    """The AWS region of the environment or of the profile. Raises NoCredentials."""
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if named is None:
        import boto3

        named = boto3.Session().region_name
    if not named:
        msg = "no AWS region: set AWS_REGION, or AWS_PROFILE to a profile that has one"
        raise NoCredentials(msg)
    return named


def _borrow(address: str, authorization: str, now: datetime) -> Credentials:
    global _lent
    import urllib.request  # imported here, since only SnapStart needs it and the import is slow

    with _asking:
        if _lent is None or now >= _lent.until - _MARGIN:
            request = urllib.request.Request(address, headers={"Authorization": authorization})  # noqa: S310  Lambda's own
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310  the same
                document = json.load(answer)
            borrowed = Credentials(document["AccessKeyId"], document["SecretAccessKey"], document.get("Token"))
            _lent = _Lent(borrowed, datetime.fromisoformat(document["Expiration"]).astimezone(UTC))
        return _lent.credentials


def _of_a_profile() -> Credentials:
    import boto3

    of_profile = boto3.Session().get_credentials()
    if of_profile is None:
        msg = "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        raise NoCredentials(msg)
    frozen = of_profile.get_frozen_credentials()
    return Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token)
