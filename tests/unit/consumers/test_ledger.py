from typing import Any

from bidder.consumers.ledger import count_spend
from bidder.events.bounded_sets import BoundedSets
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ledger import Ledger
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.service import service


def messages(*bodies: str) -> list[dict[str, str]]:
    return [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]


def failed_ids(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_only_the_unreadable_message_fails() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    aws: Any = dynamodb.client
    with_ledger = service(None, ledger=Ledger(aws, "ledger"), ivt_filter=IvtFilter(BoundedSets(aws, "ledger")))
    poison = ["", "{}", "no json", event(9).model_dump_json().replace('"version":1', '"version":2')]

    answer = count_spend(with_ledger, messages(event(1).model_dump_json(), *poison, event(2).model_dump_json()))

    assert failed_ids(answer) == ["m1", "m2", "m3", "m4"]
    assert dynamodb.items()["spend#c1", "total"]["impressions"] == {"N": "2"}


def test_each_message_of_a_bid_with_conflicts_fails() -> None:
    aws: Any = FaultyDynamoDB("ledger", faults=iter(["conflict"] * 100)).client
    with_ledger = service(None, ledger=Ledger(aws, "ledger"), ivt_filter=IvtFilter(BoundedSets(aws, "ledger")))

    answer = count_spend(with_ledger, messages(event(1).model_dump_json(), event(1).model_dump_json()))

    assert failed_ids(answer) == ["m0", "m1"]
