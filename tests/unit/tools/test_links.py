"""The check of links in pages outside docs/."""

from pathlib import Path

import pytest

from tools import ROOT
from tools.links import PAGES, anchors, broken_links


@pytest.mark.parametrize("name", PAGES)
def test_no_link_of_the_repository_is_broken(name: str) -> None:
    assert list(broken_links(ROOT / name)) == []


def test_links_to_missing_files_and_headings_are_reported(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# Top\n[b](b.md) [up](#top) [no](#none) [gone](c.md#x) [web](https://x.example/#y) `[code](d.md)`\n"
    )
    (tmp_path / "b.md").touch()
    assert list(broken_links(page)) == ["#none: no such heading", "c.md#x: no such file"]


def test_anchors_equal_those_of_github() -> None:
    assert anchors("# POST /bid\n## What's `new`, here?\n") == {"post-bid", "whats-new-here"}
