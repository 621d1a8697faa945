"""Id lists: exact, complete or refused. A campaign with an unreadable list does not bid."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.explain import explain
from bidder.cli.lists import InvalidList, lists_of, read_ids
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.budget import Withheld
from bidder.openrtb.parse import parse
from bidder.privacy.gate import restrict_request
from bidder.snapshot.container import BadSnapshot, pack
from bidder.snapshot.id_lists import IdList, find_lists, id_number, pack_list
from bidder.snapshot.keys import INDEXES, LISTS
from bidder.snapshot.list_store import PREFIX, ListStore, UnknownList
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.snapshot_file import load_saved, save
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.fake_s3 import FakeS3
from tests.support.matchable import video_request
from tests.unit.consumers.test_refresh import MINUTE, World
from tests.unit.snapshot.test_disk_fallback import Down, on

NUMBERS = st.integers(0, 30) | st.integers(0, 2**64 - 1)
IDS = st.sampled_from([*"abcdef", "A", "ключ"])


@given(st.dictionaries(st.sampled_from("xyz"), st.sets(NUMBERS), max_size=3), st.lists(NUMBERS, max_size=4))
def test_a_lookup_finds_exactly_the_ids_of_a_list(lists: dict[str, set[int]], ids: list[int]) -> None:
    id_lists = {name: IdList(pack_list(entry)) for name, entry in lists.items()}

    assert set(find_lists(id_lists, ids)) == {name for name, entry in lists.items() if entry & set(ids)}
    assert {name: len(item) for name, item in id_lists.items()} == {name: len(item) for name, item in lists.items()}


def test_equal_lists_have_equal_bytes_and_damage_is_detected() -> None:
    data = pack_list([3, 1, 2**64 - 1])

    assert pack_list([1, 2**64 - 1, 3, 3]) == data
    for damaged in (data[:-1], data[:-1] + b"\0", b"", pack("index", {"ids": b""})):
        with pytest.raises(BadSnapshot):
            IdList(damaged)


@st.composite
def viewers(draw: st.DrawFn) -> dict[str, Any]:
    """Requests with viewer ids in each field of OpenRTB."""
    user: dict[str, Any] = {}
    for field in ("id", "buyeruid"):
        if draw(st.booleans()):
            user[field] = draw(IDS)
    eids = [{"source": "s", "uids": [{"id": draw(IDS)}]} for _ in range(draw(st.integers(0, 2)))]
    if eids:
        user |= draw(st.sampled_from([{"eids": eids}, {"ext": {"eids": eids}}]))
    device = {"ifa": draw(IDS)} if draw(st.booleans()) else {}
    return {**({"user": user} if user else {}), **({"device": device} if device else {})}


def ids_of(viewer: dict[str, Any]) -> set[str]:
    user = viewer.get("user", {})
    eids = [*user.get("eids", []), *user.get("ext", {}).get("eids", [])]
    own = [user.get("id"), user.get("buyeruid"), viewer.get("device", {}).get("ifa")]
    return {entry for entry in (*own, *(uid["id"] for eid in eids for uid in eid["uids"])) if entry}


def with_lists(snapshot: Snapshot, lists: dict[str, set[str]]) -> Snapshot:
    packed = {name: IdList(pack_list(map(id_number, entry))) for name, entry in lists.items()}
    return Snapshot(snapshot.version, snapshot.index, snapshot.delivery, packed)


def bids(request: dict[str, Any], snapshot: Snapshot) -> bool:
    parsed_request = restrict_request(parse(json.dumps(request).encode()))
    return bool(decided(parsed_request, snapshot))


NAMES = st.lists(st.sampled_from(["one", "two"]), min_size=1, max_size=2, unique=True)


@given(
    viewers(),
    st.fixed_dictionaries({"one": st.sets(IDS), "two": st.sets(IDS)}),
    st.sampled_from(["include", "exclude", "all"]),
    NAMES,
    st.booleans(),
)
def test_a_campaign_matches_exactly_the_viewers_of_its_lists(
    viewer: dict[str, Any], lists: dict[str, set[str]], verb: str, named: list[str], in_creative: bool
) -> None:
    targeting = {"list": {verb: named}}
    own_campaign = campaign(creatives=[creative(targeting=targeting)]) if in_creative else campaign(targeting=targeting)
    on = {name for name, entry in lists.items() if entry & ids_of(viewer)}
    met = {"include": bool(on & set(named)), "exclude": not on & set(named), "all": on >= set(named)}[verb]

    assert bids(video_request(**viewer), with_lists(compile_snapshot([own_campaign]), lists)) == met


def test_a_restricted_viewer_is_on_no_list() -> None:
    snapshot = with_lists(compile_snapshot([campaign(targeting={"list": {"include": ["ours"]}})]), {"ours": {"u"}})

    assert bids(video_request(user={"id": "u"}), snapshot)
    assert not bids(video_request(user={"id": "u"}, device={"lmt": 1}), snapshot)


def list_store(world: World) -> ListStore:
    return ListStore(world.s3, "bucket")  # type: ignore[arg-type]


def refreshed(world: World, minutes: int = 0) -> Snapshot:
    service = world.process()
    service.lists = list_store(world)
    publish_snapshot(service, NOW + minutes * MINUTE)
    return world.load_snapshot()


def book(world: World) -> None:
    world.campaigns.put_many(
        [
            campaign(id="for-all"),
            campaign(id="ours", targeting={"list": {"include": ["ours"]}}),
            campaign(id="not-those", targeting={"list": {"exclude": ["those"]}}),
            campaign(id="factor", multipliers={"list": {"those": 2}}),
            campaign(id="in-creative", creatives=[creative(where={"not": {"list": {"include": ["those"]}}})]),
        ]
    )


def withheld(snapshot: Snapshot) -> set[str]:
    index = snapshot.index
    return {
        index.campaign_id(position)
        for position in range(len(index))
        if snapshot.delivery.withheld(position) is Withheld.LIST
    }


def test_only_a_campaign_with_a_missing_list_does_not_bid() -> None:
    world = World()
    book(world)
    assert withheld(refreshed(world)) == {"ours", "not-those", "factor", "in-creative"}

    list_store(world).put("ours", pack_list([id_number("u")]))
    assert withheld(refreshed(world, 1)) == {"not-those", "factor", "in-creative"}

    list_store(world).put("those", pack_list([id_number("v")]))
    snapshot = refreshed(world, 2)
    assert withheld(snapshot) == set()
    assert bids(video_request(user={"id": "u"}), snapshot)

    list_store(world).delete("ours")
    snapshot = refreshed(world, 3)
    assert withheld(snapshot) == {"ours"}
    [verdict] = explain(parse(json.dumps(video_request()).encode()), snapshot, "bidder", NOW, campaign_id="ours")[
        0
    ].campaigns
    assert (verdict.rule, verdict.reason) == ("withheld", "a list in its targeting can't be read: ours")


@pytest.mark.parametrize("damage", [b"", b"bidder list 2 0\n", pack_list([1])[:-3], pack_list([1])[:-1] + b"\1"])
def test_a_damaged_list_counts_as_missing(damage: bytes) -> None:
    world = World()
    book(world)
    list_store(world).put("those", pack_list([id_number("v")]))
    list_store(world).put("ours", damage)

    snapshot = refreshed(world)

    assert withheld(snapshot) == {"ours"}
    assert set(snapshot.lists) == {"those"}
    assert not any(world.s3.objects[key] == damage for key in world.s3.objects if key.startswith(LISTS))


def test_a_bidder_loads_only_changed_lists() -> None:
    world = World()
    book(world)
    for name in ("ours", "those"):
        list_store(world).put(name, pack_list([id_number(name)]))
    before = refreshed(world)
    writes = len(world.s3.writes)
    list_store(world).put("ours", pack_list([id_number("new")]))

    refreshed(world, 1)

    snapshot = world.load_snapshot(before)
    assert snapshot.lists["those"] is before.lists["those"]
    assert id_number("new") in snapshot.lists["ours"]
    assert id_number("ours") not in snapshot.lists["ours"]
    assert snapshot.index.parts[0] is before.index.parts[0]
    assert [key for key in world.s3.writes[writes:] if key.startswith((LISTS, INDEXES))] == [
        LISTS + snapshot.lists["ours"].id
    ]


def test_a_list_in_use_is_copied_again_before_the_lifecycle_rule_deletes_it() -> None:
    world = World()
    book(world)
    list_store(world).put("ours", pack_list([1]))
    for hours in range(0, 300, 6):
        world.s3.now = NOW + timedelta(hours=hours)
        refreshed(world, hours * 60)

    [key] = [key for key in world.s3.objects if key.startswith(LISTS)]
    assert world.s3.now - world.s3.written[key] <= timedelta(days=2)


def test_an_unused_list_is_not_in_the_manifest() -> None:
    world = World()
    book(world)
    for name in ("ours", "those"):
        list_store(world).put(name, pack_list([1]))
    refreshed(world)
    world.campaigns.put(campaign(id="ours"))

    assert set(refreshed(world, 1).lists) == {"those"}


def test_a_snapshot_file_has_its_lists(tmp_path: Path) -> None:
    world = World()
    book(world)
    list_store(world).put("ours", pack_list([7]))
    version = refreshed(world).version
    manifest = world.store.manifest(version)

    save(tmp_path / "a.zip", manifest, world.store.objects(manifest))

    assert 7 in load_saved(tmp_path / "a.zip").lists["ours"]


def test_the_copy_on_disk_has_lists_that_a_snapshot_shares_with_its_predecessor(tmp_path: Path) -> None:
    world = World()
    book(world)
    for name in ("ours", "those"):
        list_store(world).put(name, pack_list([id_number(name)]))
    refreshed(world)
    bidder = on(world.s3, tmp_path)
    first = bidder.load(None)
    list_store(world).put("ours", pack_list([id_number("new")]))
    refreshed(world, 1)
    assert bidder.load(first)

    copy = on(Down(), tmp_path).load(None)

    assert copy
    assert id_number("new") in copy.lists["ours"]
    assert id_number("those") in copy.lists["those"]


def test_the_store_lists_its_id_lists() -> None:
    s3 = FakeS3()
    store = ListStore(s3, "bucket")  # type: ignore[arg-type]
    store.put("b", pack_list(range(1000)))
    store.put("a", pack_list([5]))

    assert [(entry.name, entry.ids, entry.at) for entry in store.all()] == [("a", 1, s3.now), ("b", 1000, s3.now)]
    store.delete("a")
    assert [key.removeprefix(PREFIX) for key in s3.objects] == ["b"]
    with pytest.raises(UnknownList):
        store.delete("a")


def test_a_file_has_ids_or_hashes() -> None:
    digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # the SHA-256 of "foo" by sha256sum
    ids = read_ids(["foo\n", "\n", " foo \r\n", "00000000-0000-0000-0000-000000000000\n"], hashed=False).numbers

    assert ids == {id_number("foo")} == {int(digest[:16], 16)}
    assert read_ids([digest, digest.upper(), digest[:16] + "\n"], hashed=True).numbers == ids


@pytest.mark.parametrize(
    ("lines", "hashed", "field"),
    [
        ([], False, "no id in it"),
        (["ab" * 16, "secret-id"], True, "line 2 is no SHA-256"),
        (["ab" * 7], True, "line 1"),
    ],
)
def test_an_invalid_list_is_refused_without_printing_its_ids(lines: list[str], hashed: bool, field: str) -> None:
    with pytest.raises(InvalidList, match=field) as error:
        read_ids(lines, hashed=hashed)
    assert "secret-id" not in str(error.value)


def test_a_list_with_too_many_ids_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bidder.cli.lists.MAX_IDS", 2)

    assert len(read_ids("aab", hashed=False).numbers) == 2
    with pytest.raises(InvalidList, match="more than 2 ids"):
        read_ids("abc", hashed=False)


def test_the_lists_of_a_campaign_include_those_of_creatives_and_expressions() -> None:
    own_campaign = campaign(
        targeting={"list": {"include": ["A"]}},
        where={"or": [{"list": {"exclude": ["b"]}}, {"os": {"include": ["ios"]}}]},
        multipliers={"list": {"c": 2}},
        creatives=[creative(targeting={"list": {"all": ["d"]}})],
    )

    assert lists_of(own_campaign) == {"a", "b", "c", "d"}
    with pytest.raises(ValueError, match="is not a name of a list"):
        campaign(targeting={"list": {"include": ["a b"]}})
