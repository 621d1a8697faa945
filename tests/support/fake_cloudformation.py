"""A fake CloudFormation whose changes take time, for tests of the deployment."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError


class Clock:
    """A clock that only `sleep` advances."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "X")


class FakeCloudFormation:
    """One stack. The creation ends `takes` seconds after the execution of its change set, with the status `ends`.

    Each poll during the change raises one of `faults`. `events` are the stack's events, newest first.
    """

    class exceptions:  # noqa: N801  botocore's name
        ClientError = ClientError

    def __init__(self, clock: Clock, takes: float = 0, ends: str = "CREATE_COMPLETE") -> None:
        self.clock = clock
        self.takes = takes
        self.ends = ends
        self.faults: list[Exception] = []
        self.events: list[dict[str, str]] = []
        self.status: str | None = None
        self.made: dict[str, Any] = {}
        self._executed: float | None = None
        self.is_protected: dict[str, bool] = {}

    def create_change_set(self, **request: Any) -> None:
        self.made = request
        self.status = self.status or "REVIEW_IN_PROGRESS"

    def describe_change_set(self, **_: Any) -> dict[str, str]:
        return {"Status": "CREATE_COMPLETE"}

    def execute_change_set(self, **_: Any) -> None:
        self._executed = self.clock.now()
        if self.made["ChangeSetType"] == "UPDATE":
            self.ends, self.takes = "UPDATE_COMPLETE", 0
        self.status = "CREATE_IN_PROGRESS"

    def update_termination_protection(self, StackName: str, *, EnableTerminationProtection: bool) -> None:  # noqa: N803
        self.is_protected[StackName] = EnableTerminationProtection

    def describe_stacks(self, StackName: str) -> dict[str, list[dict[str, Any]]]:  # noqa: N803
        if self.status is None:
            raise client_error("ValidationError", f"Stack with id {StackName} does not exist")
        if self._executed is not None:
            if self.faults:
                raise self.faults.pop(0)
            if self.clock.now() - self._executed >= self.takes:
                self.status = self.ends
        outputs = [{"OutputKey": "BidderParameters", "OutputValue": "/bidder"}]
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs}]}

    def get_paginator(self, _: str) -> "FakeCloudFormation":
        return self

    def paginate(self, **_: Any) -> Iterator[Mapping[str, list[dict[str, str]]]]:
        for start in range(0, len(self.events), 2):
            yield {"StackEvents": self.events[start : start + 2]}


class BucketAlreadyOwnedByYou(ClientError):
    """The error in the form of S3."""


class FakeArtifacts:
    """A fake S3 that keeps objects and the parameters of each request.

    `refusal` is raised by the check of the bucket.
    """

    class exceptions:  # noqa: N801
        ClientError = ClientError
        BucketAlreadyOwnedByYou = BucketAlreadyOwnedByYou

    class meta:  # noqa: N801
        endpoint_url = "https://s3.eu-west-1.amazonaws.com"

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.objects: dict[str, bytes] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def head_bucket(self, **request: Any) -> None:
        self.calls.append(("head_bucket", request))
        if self.refusal:
            raise self.refusal

    def head_object(self, **request: Any) -> None:
        self.calls.append(("head_object", request))
        if request["Key"] not in self.objects:
            raise client_error("404", status=404)

    def put_object(self, **request: Any) -> None:
        self.calls.append(("put_object", request))
        self.objects[request["Key"]] = request["Body"]

    def create_bucket(self, **request: Any) -> None:
        self.calls.append(("create_bucket", request))

    def put_public_access_block(self, **request: Any) -> None:
        self.calls.append(("put_public_access_block", request))

    def at(self, url: str) -> bytes:
        """The object of a path-style URL."""
        return self.objects[urlsplit(url).path.split("/", 2)[2]]
