"""The files of the ad player: caching, ETags, size, and CORS."""

import gzip
import re

import pytest

from bidder.endpoints import web_files
from bidder.endpoints.web_files import PLAYER_VERSION, integrity, player_file
from tools import ROOT

MAX_BYTES = 8 * 1024


@pytest.mark.parametrize("name", ["player.js", "player.mjs"])
def test_a_script_is_under_8_kilobytes_in_gzip(name: str) -> None:
    reply = player_file(name, {"accept-encoding": "gzip, br"})

    assert (reply.status, reply.headers["Content-Encoding"]) == (200, "gzip")
    assert isinstance(reply.body, bytes)
    assert len(reply.body) < MAX_BYTES
    assert gzip.decompress(reply.body) == (ROOT / "bidder" / "web" / name).read_bytes()


def test_pages_of_any_origin_may_load_it_with_integrity() -> None:
    headers = player_file("player.js", {"origin": "https://news.example"}).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("version", "cached"), [(PLAYER_VERSION, 31_536_000), ("0.9", 3600), (None, 3600)], ids=["present", "other", "none"]
)
def test_only_the_current_version_is_cacheable_for_a_year(version: str | None, cached: int) -> None:
    control = player_file("player.js", {}, version).headers["Cache-Control"]

    assert f"max-age={cached}" in control
    assert ("immutable" in control) == (cached > 3600)


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_matching_etag_gets_304(form: str) -> None:
    etag = player_file("player.js", {}).headers["ETag"]

    reply = player_file("player.js", {"if-none-match": form.format(etag)})

    assert (reply.status, reply.body, reply.headers["ETag"]) == (304, "", etag)
    assert player_file("player.js", {"if-none-match": '"other"'}).status == 200


def test_the_files_have_different_etags() -> None:
    assert len({web_files.read(name).etag for name in ("player.js", "player.mjs", "player.d.ts")}) == 3


def test_sources_bundles_and_docs_have_the_same_version_and_integrity() -> None:
    source = (ROOT / "web" / "player.js").read_text()
    docs = (ROOT / "docs" / "players.md").read_text()

    assert re.search(r"version = '([^']+)'", source)[1] == PLAYER_VERSION  # type: ignore[index]
    for name in ("player.js", "player.mjs"):
        assert f'"{PLAYER_VERSION}"' in web_files.read(name).plain_bytes.decode()
    assert (ROOT / "web" / "player.d.ts").read_bytes() == web_files.read("player.d.ts").plain_bytes
    assert f"player.js?v={PLAYER_VERSION}" in docs
    assert integrity("player.js") in docs, f"docs/players.md has another integrity than {integrity('player.js')}"
