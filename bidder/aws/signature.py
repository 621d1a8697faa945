"""AWS Signature Version 4, as in AWS's documentation "Create a signed AWS API request"."""

import hmac
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"


class Credentials(NamedTuple):
    """AWS credentials. `token` is the session token of temporary credentials, such as those of a Lambda role."""

    access_key: str
    secret_key: str
    token: str | None = None


class Scope(NamedTuple):
    """The region and the service for which a signature is valid."""

    region: str
    service: str


def path_of(key: str) -> str:
    """The path of an S3 key in a request, percent-encoded once. All other AWS services need it encoded twice."""
    return "/" + quote(key, safe="/-_.~")


def sign_headers(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    credentials: Credentials,
    scope: Scope,
    now: datetime,
) -> dict[str, str]:
    """The headers of a signed request: the given ones, all of them signed, and those that the signature adds.

    The given headers must include `Host`. `path` is percent-encoded and has no query.
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
    credential_scope = f"{time[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = "\n".join((_ALGORITHM, time, credential_scope, sha256(request.encode()).hexdigest()))
    signature = hmac.new(_key(credentials.secret_key, credential_scope), to_sign.encode(), sha256).hexdigest()
    fields = f"Credential={credentials.access_key}/{credential_scope}, SignedHeaders={names}, Signature={signature}"
    return named | {"authorization": f"{_ALGORITHM} {fields}"}


def _key(secret_key: str, credential_scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in credential_scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
