"""The archive stores every event by kind and hour."""

import gzip
from datetime import timedelta, timezone
from threading import Barrier

from hypothesis import given
from hypothesis import strategies as st

from bidder.events.archive import Archive, archive_objects
from bidder.events.event import Event
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.fake_s3 import FakeS3

events = st.builds(
    lambda number, kind, minutes, hours, test: event(
        number, kind, at=(NOW + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=hours))), test=test
    ),
    st.integers(0, 5),
    st.sampled_from(Kind),
    st.integers(-3000, 3000),
    st.integers(-12, 14),
    st.booleans(),
)
batches = st.dictionaries(st.text(min_size=1, max_size=4), events, max_size=20)


def archived_fields(item: Event) -> tuple[object, ...]:
    return item.kind, item.bid_id, item.at, item.test


def archive_of(*batches: dict[str, Event]) -> tuple[Archive, FakeS3]:
    s3 = FakeS3()
    archive = Archive(s3, "archive")  # type: ignore[arg-type]
    for batch in batches:
        for archive_object in archive_objects(batch):
            archive.put(archive_object)
    return archive, s3


@given(batches)
def test_each_message_is_in_one_object_of_its_kind_and_hour(batch: dict[str, Event]) -> None:
    objects = list(archive_objects(batch))

    assert sorted(name for entry in objects for name in entry.message_ids) == sorted(batch)
    for object_item in objects:
        for name in object_item.message_ids:
            hour = (batch[name].at - batch[name].at.utcoffset()).replace(tzinfo=None)  # type: ignore[operator]
            assert object_item.key.startswith(f"events/kind={batch[name].kind.value}/hour={hour:%Y-%m-%d-%H}/")


@given(batches, st.sampled_from([-1, 0, 1]))
def test_a_day_is_read_back_completely(batch: dict[str, Event], days: int) -> None:
    archive, _ = archive_of(batch)
    day = (NOW + timedelta(days=days)).date()

    read = list(archive.events(day))

    expected = [e for e in batch.values() if (e.at - e.at.utcoffset()).date() == day]  # type: ignore[operator]
    assert sorted(map(archived_fields, read)) == sorted(map(archived_fields, expected))


@given(batches)
def test_a_repeated_batch_overwrites_its_own_objects(batch: dict[str, Event]) -> None:
    once, twice = archive_of(batch)[1], archive_of(batch, dict(reversed(batch.items())))[1]

    assert once.objects == twice.objects


def test_other_messages_overwrite_no_object() -> None:
    _, s3 = archive_of({"a": event(1)}, {"b": event(2)}, {"a": event(1), "b": event(2)})

    assert len(s3.objects) == 3


def test_only_the_requested_kinds_are_read() -> None:
    archive, _ = archive_of({"a": event(1), "b": event(1, Kind.CLICK), "c": event(1, Kind.WIN)})

    assert [e.kind for e in archive.events(NOW.date(), [Kind.CLICK, Kind.WIN])] == [Kind.CLICK, Kind.WIN]


def test_absent_fields_of_an_event_are_not_stored() -> None:
    _, s3 = archive_of({"a": event(1, at=NOW)})
    [body] = s3.objects.values()
    line = gzip.decompress(body)
    assert line.endswith(b"}\n")
    assert b"null" not in line


def test_the_objects_of_a_day_are_read_several_at_once_and_in_order() -> None:
    numbered = {str(number): event(number, at=NOW) for number in range(70)}
    archive, s3 = archive_of(*({name: item} for name, item in numbered.items()))
    barrier = Barrier(2)
    waited: list[int] = []

    class SlowS3:
        def __getattr__(self, name: str) -> object:
            return getattr(s3, name)

        def get_object(self, **call: str) -> object:
            if len(waited) < 2:  # each of the first two calls returns only beside another one
                waited.append(1)
                barrier.wait(timeout=10)
            return s3.get_object(**call)

    slow = Archive(SlowS3(), "archive")  # type: ignore[arg-type]
    keys = slow.keys(NOW.date())

    assert len(keys) == 70
    assert list(slow.read_objects(keys)) == [archive.read(key) for key in keys]
    assert list(slow.read_objects([])) == []
