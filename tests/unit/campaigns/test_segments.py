"""Segment metadata: current values, history, and campaigns that name unknown segments."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.segment import InvalidSegmentFile, SegmentInfo, read_segments, unknown
from bidder.campaigns.segments import SegmentRepository, UnknownSegment
from tests.support.campaigns import NOW, campaign, creative
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.examples import examples

FILE = """
segments:
  - {id: 42, provider: Acme, name: Runners, size: 120000, cost: 0.5}
  - {id: 43, provider: acme, name: Swimmers}
"""


def repository(fake: FaultyDynamoDB, author: str = "ann") -> SegmentRepository:
    return SegmentRepository(fake.client, "history", author, now=lambda: NOW)


def tables() -> FaultyDynamoDB:
    return FaultyDynamoDB("history")


def test_segment_ids_of_a_file_have_the_normal_form_of_campaigns() -> None:
    runners, swimmers = read_segments(FILE)

    assert (runners.word, runners.size, runners.cost_micros) == ("acme/42", 120_000, 500_000)
    assert (swimmers.word, swimmers.size, swimmers.cost_micros) == ("acme/43", None, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "segments: [{id: 1, provider: a, name: b, size: -1}]",
            r"file:1:42: segments\[1\].size: '-1' should be greater than or equal to 0",
        ),
        ("segments: [{id: 1, provider: a}]", r"segments\[1\].name: is missing"),
        (
            "segments: [{id: 1, provider: a, name: b}, {id: 1, provider: A, name: c}]",
            r"file:1:43: a/1: segments\[1\]: is in the file more than",
        ),
        ("segments: {", "not YAML"),
        ("[]", "file:1:1: has the keys segments; it is a list"),
    ],
)
def test_an_invalid_file_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidSegmentFile, match=message):
        read_segments(text)


@examples(0.3)
@given(st.lists(st.lists(st.tuples(st.integers(0, 120), st.sampled_from(["x", "y"])), max_size=130), max_size=4))
def test_the_latest_import_is_stored_and_each_change_is_in_the_history(imports: list[list[tuple[int, str]]]) -> None:
    store = repository(tables())
    model: dict[str, SegmentInfo] = {}
    changes: dict[str, list[str]] = {}
    for batch in imports:
        segments = [SegmentInfo(id=str(number), provider="p", name=name) for number, name in dict(batch).items()]
        new = [segment for segment in segments if model.get(segment.word) != segment]
        assert store.put_many(segments) == len(new)
        for segment in new:
            model[segment.word] = segment
            changes.setdefault(segment.word, []).append(segment.name)

    assert {segment.word: segment for segment in store.all()} == model
    for word, names in changes.items():
        history = list(store.history(word))
        assert [change["after"]["name"] for change in history] == names
        assert [change["before"] and change["before"]["name"] for change in history] == [None, *names[:-1]]
        assert {(change["who"], change["at"]) for change in history} == {("ann", NOW.isoformat(timespec="seconds"))}


def test_a_segment_is_found_with_and_without_its_provider() -> None:
    store = repository(tables())
    store.put_many(read_segments(FILE))

    assert store.get("acme/42") == store.get("42")
    with pytest.raises(UnknownSegment, match="acme/44"):
        store.get("acme/44")


def test_a_concurrent_change_is_refused() -> None:
    fake = tables()
    repository(fake).put_many(read_segments(FILE))

    def write_first() -> None:
        fake.before_write = lambda: None
        repository(fake, "bob").put_many([SegmentInfo(id="42", provider="acme", name="Joggers")])

    fake.before_write = write_first
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        repository(fake).put_many([SegmentInfo(id="42", provider="acme", name="Hikers")])
    assert repository(fake).get("42").name == "Joggers"


def test_each_field_with_an_unknown_segment_is_reported() -> None:
    buyer = campaign(
        targeting={"segment": {"include": ["acme/42", "43"], "exclude": ["acme/99"]}, "domain": {"include": ["x.y"]}},
        where={"or": [{"segment": {"all": ["7"]}}, {"not": {"country": {"include": ["usa"]}}}]},
        multipliers={"segment": {"acme/8": 2}},
        creatives=[creative(where={"segment": {"include": ["acme/43", "z/1"]}})],
    )

    warnings = list(unknown(buyer.model_dump(mode="json", exclude_defaults=True), {"acme/42", "acme/43"}))

    assert sorted(line.partition(":")[0] for line in warnings) == [
        "creatives[spot].where.segment.include[1]",
        "multipliers.segment.acme/8",
        "targeting.segment.exclude[0]",
        "where.or[0].segment.all[0]",
    ]
    assert [line for line in warnings if "no segment acme/99 is known" in line]
