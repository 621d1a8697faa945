"""Signature Version 4, as AWS's documentation "Create a signed AWS API request" has it."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """Whoever asks. `token` goes with temporary credentials, as a Lambda role's are."""

    access_key: str
    secret_key: str
    token: str | None = None


class Scope(NamedTuple):
    """What a signature is good for."""

    region: str
    service: str


def path_of(key: str) -> str:
    """An S3 key as the path of a request, encoded once; S3 alone wants no more than that."""
    return "/" + quote(key, safe="/-_.~")


def signed(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    scope: Scope,
    now: datetime,
) -> dict[str, str]:
    """The headers to send: those given, `Host` among them and all of them signed, and what signing adds.

    `path` is encoded, and has no query: nothing here needs one.
    """
    digest = sha256(body).hexdigest()
    time = now.strftime("%Y%m%dT%H%M%SZ")
    named = {name.lower(): " ".join(value.split()) for name, value in headers.items()} | {"x-amz-date": time}
    if scope.service == "s3":
        named["x-amz-content-sha256"] = digest
    if credentials.token:
        named["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(named))
    lines = "".join(f"{name}:{named[name]}\n" for name in sorted(named))
    request = "\n".join((method, path, "", lines, names, digest))
    place = f"{time[:8]}/{scope.region}/{scope.service}/aws4_request"
    statement = "\n".join((_ALGORITHM, time, place, sha256(request.encode()).hexdigest()))
    signature = hmac.new(_key(credentials.secret_key, place), statement.encode(), sha256).hexdigest()
    stated = f"Credential={credentials.access_key}/{place}, SignedHeaders={names}, Signature={signature}"
    return named | {"authorization": f"{_ALGORITHM} {stated}"}


def _key(secret_key: str, place: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in place.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
