"""Clients without boto3 for the few AWS calls whose speed matters, with boto3's method names."""

import json
from io import BytesIO
from threading import local
from typing import Any

from bidder.aws.credentials import region
from bidder.aws.endpoint import AwsError, Endpoint
from bidder.aws.hosts import service_url
from bidder.aws.prefetch import Prefetch
from bidder.aws.signature import path_of

_NOT_FOUND = 404


class NoSuchKey(LookupError):
    """S3 has no object with this key."""


class Objects:
    """S3's GetObject. Raises `exceptions.NoSuchKey`, AwsError, NoSuchEndpoint, OSError."""

    class exceptions:  # noqa: N801  # boto3's name
        """The errors that callers handle separately, as attributes like those of a boto3 client."""

        NoSuchKey = NoSuchKey

    def __init__(self, prefetch: Prefetch | None = None) -> None:
        self.prefetch = prefetch or Prefetch()
        self._endpoints: dict[str, Endpoint] = {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803  # boto3's names
        """The whole object."""
        endpoint = self._endpoints.get(Bucket)
        if endpoint is None:
            base = service_url("s3", region(), Bucket)
            endpoint = self._endpoints.setdefault(Bucket, Endpoint("s3", base, self.prefetch))
        try:
            return {"Body": BytesIO(endpoint.call("GET", path_of(Key), {})), "ETag": ""}
        except AwsError as refused:
            if refused.status == _NOT_FOUND and refused.code == "NoSuchKey":
                raise NoSuchKey(Key) from None
            raise


class Items:
    """DynamoDB's BatchGetItem. Each call takes a tenth of boto3's time, and a refresh makes thousands of them.

    Raises AwsError, NoSuchEndpoint, OSError. Each thread has its own connection.
    """

    def __init__(self) -> None:
        self._of_thread = local()

    def batch_get_item(self, **parameters: Any) -> Any:
        """The answer of BatchGetItem: the existing items, and the unprocessed keys."""
        endpoint = getattr(self._of_thread, "endpoint", None)
        if endpoint is None:
            base = service_url("dynamodb", region())
            endpoint = self._of_thread.endpoint = Endpoint("dynamodb", base, Prefetch())
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.BatchGetItem"}
        return json.loads(endpoint.call("POST", "/", headers, json.dumps(parameters).encode()))


class ParameterReader:
    """Systems Manager's GetParametersByPath. Raises AwsError, NoSuchEndpoint, OSError."""

    def __init__(self, prefetch: Prefetch | None = None) -> None:
        self.prefetch = prefetch or Prefetch()
        self._endpoint = Endpoint("ssm", service_url("ssm", region()), self.prefetch)

    def get_parameters_by_path(self, **parameters: Any) -> Any:
        """A page of the parameters under a path, with the token of the next page if there is one."""
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParametersByPath"}
        return json.loads(self._endpoint.call("POST", "/", headers, json.dumps(parameters).encode()))
