"""The link check of pages beside docs/."""

from pathlib import Path

import pytest

from tools import ROOT
from tools.links import PAGES, anchors, broken_links


@pytest.mark.parametrize("name", PAGES)
def test_no_link_of_ours_is_broken(name: str) -> None:
    assert list(broken_links(ROOT / name)) == []


def test_a_link_to_no_file_and_one_to_no_heading_are_named(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text(
        "# Top\n[b](b.md) [up](#top) [no](#none) [gone](c.md#x) [web](https://x.example/#y) `[code](d.md)`\n"
    )
    (tmp_path / "b.md").touch()
    assert list(broken_links(page)) == ["#none: no such heading", "c.md#x: no such file"]


def test_anchors_are_githubs() -> None:
    assert anchors("# POST /bid\n## What's `new`, here?\n") == {"post-bid", "whats-new-here"}
