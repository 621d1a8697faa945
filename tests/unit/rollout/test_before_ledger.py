"""The hook before the ledger: the new versions that it accepts."""

import io
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from bidder.consumers.ledger import count_spend
from bidder.rollout.before_ledger import UNREADABLE, Batches, objections, recorded_batch
from tests.support.account import mocked_account

Handler = Callable[[list[dict[str, Any]]], Any]


class Functions:
    """A fake Lambda client with versions of a function by number."""

    def __init__(self, **handlers: Handler) -> None:
        self._handlers = handlers

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, str]:  # noqa: N803
        assert (FunctionName, Name) == ("ledger", "live")
        return {"FunctionVersion": "v1"}

    def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "ledger"
        try:
            answer = self._handlers[Qualifier](json.loads(Payload)["Records"])
        except ArithmeticError as error:
            return {"FunctionError": "Unhandled", "Payload": _body({"errorType": type(error).__name__})}
        return {"Payload": _body(answer)}


def _body(answer: Any) -> io.BytesIO:
    return io.BytesIO(json.dumps(answer).encode())


def giving_back(*names: str) -> Handler:
    return lambda _records: {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def raising(_records: list[dict[str, Any]]) -> Any:
    raise ZeroDivisionError


def examined(new: Handler) -> list[str]:
    batches = Batches(cast("Any", Functions(v1=giving_back(UNREADABLE), v2=new)), "ledger")
    return objections(batches, batches.live("live"), "v2")


def test_the_current_ledger_is_accepted_and_counts_no_event_of_the_hook() -> None:
    with mocked_account() as account:
        assert examined(lambda records: count_spend(account.service(), records)) == []
        assert account.dynamodb.scan(TableName="ledger")["Items"] == []


@pytest.mark.parametrize(
    ("new", "message"),
    [
        (giving_back(), "failed []; expected ['unreadable']"),
        (giving_back("event-0", UNREADABLE), "failed ['event-0', 'unreadable']"),
        (raising, "raised ZeroDivisionError"),
        (lambda _records: None, "raised no answer"),
    ],
)
def test_a_version_that_loses_or_refuses_messages_is_refused(new: Handler, message: str) -> None:
    [objection] = examined(new)
    assert message in objection


def test_all_recorded_events_are_tests_of_both_billing_kinds() -> None:
    bodies = [json.loads(record["body"]) for record in recorded_batch() if record["messageId"] != UNREADABLE]
    assert {body["kind"] for body in bodies} == {"impression", "bill"}
    assert all(body["test"] for body in bodies)
