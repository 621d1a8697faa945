from bidder.consumers.archive import archive_events
from bidder.events.archive import Archive
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.fake_s3 import FakeS3
from tests.support.service import service


def messages(*bodies: str) -> list[dict[str, str]]:
    return [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]


def failed_ids(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_tests_and_invalid_events_are_archived_and_only_an_unreadable_message_fails() -> None:
    archive = Archive(FakeS3(), "archive")  # type: ignore[arg-type]
    archived = [event(1), event(2, test=True), event(3, invalid="crawler")]

    answer = archive_events(
        service(None, archive=archive), messages("poison", *(e.model_dump_json() for e in archived))
    )

    assert failed_ids(answer) == ["m0"]
    assert list(archive.events(NOW.date())) == archived


def test_only_messages_that_are_not_in_s3_fail() -> None:
    s3 = FakeS3()
    archive = Archive(s3, "archive")  # type: ignore[arg-type]

    def refuse_clicks(key: str) -> None:
        if "kind=click" in key:
            raise ConnectionError

    s3.before_write = refuse_clicks
    bodies = [e.model_dump_json() for e in (event(1), event(1, Kind.CLICK), event(2))]

    answer = archive_events(service(None, archive=archive), messages(*bodies))

    assert failed_ids(answer) == ["m1"]
    assert list(archive.events(NOW.date())) == [event(1), event(2)]
