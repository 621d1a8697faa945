"""`compress`: long answers are compressed for clients that accept gzip."""

import gzip

import pytest

from bidder.endpoints.reply import MIN_COMPRESSED, Reply, compress, cors

LONG = Reply(200, "<é>" * MIN_COMPRESSED, "application/xml", {"Vary": "Origin"})


@pytest.mark.parametrize(
    ("accept", "is_compressed"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("deflate, gzip ; q=0.001", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.00", False),
        ("gzipped", False),
        (",,;q=,", False),
    ],
)
def test_a_long_answer_is_compressed_if_gzip_is_accepted(accept: str, is_compressed: bool) -> None:
    reply = compress(LONG, accept)

    assert (reply.status, reply.content_type) == (200, "application/xml")
    assert reply.headers["Vary"] == "Origin, Accept-Encoding"
    if is_compressed:
        assert isinstance(reply.body, bytes)
        assert gzip.decompress(reply.body).decode() == LONG.body
        assert reply.headers["Content-Encoding"] == "gzip"
    else:
        assert reply.body == LONG.body
        assert "Content-Encoding" not in reply.headers


def test_a_short_answer_is_not_compressed() -> None:
    short = Reply(200, "x" * (MIN_COMPRESSED - 1))
    assert compress(short, "gzip") is short


@pytest.mark.parametrize("origin", [None, "", "https://page.example\r\nSet-Cookie: a=b", "https://é.example", "a b"])
def test_an_invalid_origin_is_not_echoed(origin: str | None) -> None:
    assert cors(origin) == {}
