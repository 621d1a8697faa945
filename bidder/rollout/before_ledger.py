"""The hook before a new version of the ledger gets batches. The version must accept all recorded messages except one.

That message is unreadable on purpose. All recorded events are test events, so no version counts them as spend.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_FILE = Path(__file__).with_name("recorded_events.json")
UNREADABLE = "unreadable"
"""The message id of the recorded message that no version can read."""


class Batches:
    """Invokes versions of one function with batches of SQS records."""

    def __init__(self, functions: "LambdaClient", function: str) -> None:
        self._functions = functions
        self._function = function

    def live(self, alias: str) -> str:
        """The version number to which the alias points."""
        return self._functions.get_alias(FunctionName=self._function, Name=alias)["FunctionVersion"]

    def failures(self, version: str, records: list[dict[str, Any]]) -> list[str]:
        """The message ids that the version reports as failed (`batchItemFailures`). Raises VersionFailed."""
        payload = json.dumps({"Records": records}).encode()
        done = self._functions.invoke(FunctionName=self._function, Qualifier=version, Payload=payload)
        answer = json.loads(done["Payload"].read() or b"null")
        if done.get("FunctionError") or not isinstance(answer, dict):
            kind = answer.get("errorType") if isinstance(answer, dict) else None
            raise VersionFailed(kind or done.get("FunctionError") or "no answer")
        return sorted(entry["itemIdentifier"] for entry in answer.get("batchItemFailures", []))


class VersionFailed(RuntimeError):
    """A version raised; the message is the name of its exception."""


def recorded_batch() -> list[dict[str, Any]]:
    """The SQS records of the recorded events, and one unreadable record."""
    bodies = {f"event-{number}": json.dumps(body) for number, body in enumerate(json.loads(_FILE.read_text()))}
    return [
        {"messageId": name, "body": body, "attributes": {}, "messageAttributes": {}, "eventSource": "aws:sqs"}
        for name, body in {**bodies, UNREADABLE: "no event"}.items()
    ]


def objections(batches: Batches, old: str, new: str) -> list[str]:
    """The reasons to refuse the new version; empty if the version reports only the unreadable message as failed."""
    batch = recorded_batch()
    try:
        given_back = batches.failures(new, batch)
    except VersionFailed as failure:
        return [f"a batch of recorded events: raised {failure}"]
    if given_back == [UNREADABLE]:
        return []
    try:
        before = batches.failures(old, batch)
    except VersionFailed as failure:
        before = [f"raised {failure}"]
    return [f"a batch of recorded events: failed {given_back}; expected {[UNREADABLE]}; version {old} failed {before}"]
