from bidder.consumers.learning import count_outcomes
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.service import service


def messages(*bodies: str) -> list[dict[str, str]]:
    return [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]


def test_only_the_unreadable_message_fails() -> None:
    learning = Learning(FaultyDynamoDB("learning").client, "learning")
    bodies = ["poison", *(event(1, kind).model_dump_json() for kind in (Kind.IMPRESSION, Kind.COMPLETE))]

    answer = count_outcomes(service(None, learning=learning), messages(*bodies))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert learning.counts(NOW)["c1", "spot"][:3] == (1, 0, 1)


def test_each_message_of_an_event_with_conflicts_fails() -> None:
    learning = Learning(FaultyDynamoDB("learning", faults=iter(["conflict"] * 100)).client, "learning")

    answer = count_outcomes(service(None, learning=learning), messages(*[event(1).model_dump_json()] * 2))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]}
