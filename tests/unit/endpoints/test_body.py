"""`decode_body`: decompresses gzip regardless of the headers, up to MAX_BODY bytes."""

import gzip
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.endpoints.call import MAX_MEMBERS, BadBody, decode_body
from bidder.openrtb.parse import MAX_BODY

BODY = b'{"id":"1"}'
PACKED = gzip.compress(BODY, mtime=0)  # without a time, so that parallel workers collect the same test ids


@pytest.mark.parametrize("coding", ["", "identity", "gzip", " GZIP ", "x-gzip"])
@pytest.mark.parametrize("body", [BODY, PACKED])
def test_gzip_is_recognised_by_its_first_bytes(body: bytes, coding: str) -> None:
    assert decode_body(body, coding) == BODY


@given(st.binary(max_size=500))
def test_a_compressed_body_is_decompressed(body: bytes) -> None:
    assert decode_body(gzip.compress(body, mtime=0), "gzip") == body


@given(st.binary(max_size=200).map(lambda noise: b"\x1f\x8b" + noise) | st.binary(max_size=200))
def test_random_bytes_are_refused_or_returned_unchanged(body: bytes) -> None:
    read: bytes | int
    try:
        read = decode_body(body, "")
    except BadBody as refused:
        read = refused.status
    assert read in (body, 400)


def status(body: bytes, coding: str = "") -> int:
    with pytest.raises(BadBody) as error:
        decode_body(body, coding)
    return error.value.status


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "gzip, br"])
def test_other_codings_are_415_and_the_answer_names_the_accepted_coding(coding: str) -> None:
    assert status(BODY, coding) == 415
    with pytest.raises(BadBody) as error:
        decode_body(BODY, coding)
    assert error.value.reply().headers["Accept-Encoding"] == "gzip"


def test_a_body_above_the_limit_is_413_with_and_without_compression() -> None:
    assert decode_body(b" " * MAX_BODY, "") == decode_body(gzip.compress(b" " * MAX_BODY, mtime=0), "gzip")
    assert status(b" " * (MAX_BODY + 1)) == 413
    assert status(gzip.compress(b" " * (MAX_BODY + 1), mtime=0)) == 413


def test_a_gzip_bomb_is_not_decompressed() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    assert len(bomb) < MAX_BODY
    tracemalloc.start()
    try:
        assert status(bomb) == 413
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * MAX_BODY


@pytest.mark.parametrize(
    "body",
    [PACKED[:-1], PACKED[:10], PACKED + b"x", PACKED + PACKED[:-1], PACKED + b"\0x", PACKED * (MAX_MEMBERS + 1)],
    ids=["cut short", "header only", "followed by more", "the second cut short", "more after zeros", "too many"],
)
def test_an_incomplete_gzip_stream_is_400(body: bytes) -> None:
    assert status(body, "gzip") == 400


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=5), st.integers(0, 9))
def test_consecutive_gzip_streams_are_one_body(members: list[bytes], zeros: int) -> None:
    packed = b"".join(gzip.compress(member, mtime=0) for member in members) + b"\0" * zeros

    assert decode_body(packed, "gzip") == b"".join(members) == gzip.decompress(packed)


def test_the_limit_applies_to_all_streams_together() -> None:
    half = gzip.compress(b" " * (MAX_BODY // 2), mtime=0)

    assert decode_body(half * 2, "") == b" " * MAX_BODY
    assert status(half * 2 + gzip.compress(b" ", mtime=0)) == 413
    assert status(half * MAX_MEMBERS) == 413
