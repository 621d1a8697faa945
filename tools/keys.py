"""The keys that a stack needs and that no template may hold."""

import base64
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


def ensure_keys(ssm: "SSMClient", prefix: str) -> None:
    """Makes the signing keys and the operators' key under the path where they are missing; replaces and shows none."""
    ensure_signing_keys(ssm, prefix)
    ensure_admin_key(ssm, prefix)


def ensure_signing_keys(ssm: "SSMClient", prefix: str) -> None:
    """Makes `<prefix>/signing-keys` where it is missing: one key of 256 random bits."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    _make(ssm, f"{prefix}/signing-keys", json.dumps({"current": "k1", "keys": {"k1": key}}))


def ensure_admin_key(ssm: "SSMClient", prefix: str) -> None:
    """Makes `<prefix>/admin-key` where it is missing: 256 random bits, in characters that a header may have."""
    _make(ssm, f"{prefix}/admin-key", secrets.token_urlsafe(32))


def _make(ssm: "SSMClient", name: str, value: str) -> None:
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=False)
