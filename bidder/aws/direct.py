"""The few calls of AWS that are waited for, under boto3's names: by a bid, and thousands of times by a refresh."""

import json
from io import BytesIO
from threading import local
from typing import Any

from bidder.aws.credentials import region
from bidder.aws.endpoint import Endpoint, Refused, domain, own_address
from bidder.aws.prefetch import Ahead
from bidder.aws.signature import path_of

_NOT_FOUND = 404


class NoSuchKey(LookupError):
    """S3 has no such object."""


class Objects:
    """S3's GetObject. Raises `exceptions.NoSuchKey`, Refused, OSError.

    At an address of one's own the bucket is the beginning of the path, which every S3 takes; at AWS's it is part of the
    host, unless a dot in its name would keep the host from matching the certificate.
    """

    class exceptions:  # noqa: N801  # boto3's name
        """The errors that callers tell apart."""

        NoSuchKey = NoSuchKey

    def __init__(self) -> None:
        self.ahead = Ahead()
        self._endpoints: dict[str, tuple[Endpoint, str]] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """An object, whole."""
        endpoint, prefix = self._endpoints.get(Bucket) or self._endpoints.setdefault(
            Bucket, _bucket(Bucket, self.ahead)
        )
        try:
            return {"Body": BytesIO(endpoint.call("GET", prefix + path_of(Key), {})), "ETag": ""}
        except Refused as refused:
            if refused.status == _NOT_FOUND and "NoSuchKey" in str(refused):
                raise NoSuchKey(Key) from None
            raise

    def _endpoint(self, bucket: str) -> tuple[Endpoint, str]:
        return self._endpoints.get(bucket) or self._endpoints.setdefault(bucket, _bucket(bucket, self.ahead))


class Items:
    """DynamoDB's BatchGetItem, for a refresh that makes thousands of these calls: each takes a fifth of boto3's time.

    Raises Refused, OSError. Threads have a connection each.
    """

    def __init__(self) -> None:
        self._of_thread = local()

    def batch_get_item(self, **asked: Any) -> Any:
        """The items that there are, and the keys that were left unread."""
        endpoint = getattr(self._of_thread, "endpoint", None)
        if endpoint is None:
            base = own_address("dynamodb") or f"https://dynamodb.{region()}.{domain()}"
            endpoint = self._of_thread.endpoint = Endpoint("dynamodb", base, Ahead())
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.BatchGetItem"}
        return json.loads(endpoint.call("POST", "/", headers, json.dumps(asked).encode()))


class ParameterReader:
    """Systems Manager's GetParametersByPath. Raises Refused, OSError."""

    def __init__(self) -> None:
        self.ahead = Ahead()
        self._endpoint = Endpoint("ssm", own_address("ssm") or f"https://ssm.{region()}.{domain()}", self.ahead)

    def get_parameters_by_path(self, **asked: Any) -> Any:
        """A page of the parameters under a path, and the token of the next one where there is more."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParametersByPath"}
        return json.loads(self._endpoint.call("POST", "/", headers, json.dumps(asked).encode()))


def _bucket(name: str, ahead: Ahead) -> tuple[Endpoint, str]:
    own = own_address("s3")
    in_path = own is not None or "." in name
    host = "s3" if in_path else f"{name}.s3"
    base = own or f"https://{host}.{region()}.{domain()}"
    return Endpoint("s3", base, ahead), f"/{name}" if in_path else ""
