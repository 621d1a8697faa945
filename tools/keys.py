"""The keys of a stack, which must not be in a template."""

import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from bidder.url_names import encode_bytes

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def ensure_keys(ssm: "SSMClient", prefix: str) -> None:
    """Creates the signing keys and the admin key under the path if they are missing. Never replaces or prints a key."""
    ensure_signing_keys(ssm, prefix)
    ensure_admin_key(ssm, prefix)


def ensure_signing_keys(ssm: "SSMClient", prefix: str) -> None:
    """Creates `<prefix>/signing-keys` if it is missing: one key of 256 random bits."""
    key = encode_bytes(secrets.token_bytes(32))
    _make(ssm, f"{prefix}/signing-keys", json.dumps({"current": "k1", "keys": {"k1": key}}))


def ensure_admin_key(ssm: "SSMClient", prefix: str) -> None:
    """Creates `<prefix>/admin-key` if it is missing: 256 random bits, in characters that an HTTP header can have."""
    _make(ssm, f"{prefix}/admin-key", secrets.token_urlsafe(32))


def _make(ssm: "SSMClient", name: str, value: str) -> None:
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=False)
