"""The built pages load nothing from another host."""

from pathlib import Path

import pytest

from tools import ROOT
from tools.site_hosts import faults, loaded_hosts


@pytest.mark.parametrize(
    ("html", "host"),
    [
        ('<script src="https://unpkg.com/mermaid@11"></script>', "https://unpkg.com"),
        ("<SCRIPT SRC=//cdn.example/a.js></SCRIPT>", "//cdn.example"),
        ('<link rel="stylesheet" href="https://fonts.example/css?family=Roboto">', "https://fonts.example"),
        ('<link rel=preconnect href="https://fonts.example">', "https://fonts.example"),
        ('<img srcset="a.png 1x, HTTP://img.example/b.png 2x">', "HTTP://img.example"),
        ('<object data="https://svg.example/a.svg"></object>', "https://svg.example"),
        ("<style>@import 'https://css.example/a.css';</style>", "https://css.example"),
        ('<p style="background: url(//img.example/a.png)">', "//img.example"),
        ('<pre class="mermaid"><code>flowchart</code></pre>', "https://unpkg.com"),
    ],
)
def test_a_foreign_host_is_named(html: str, host: str) -> None:
    assert loaded_hosts(f"<!doctype html><title>A page</title>{html}") == [host]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://github.com/x">x</a>',
        '<link rel="canonical" href="https://docs.example/">',
        '<script src="assets/a.js"></script><link rel="icon" href="/favicon.png">',
        '<img src="data:image/png;base64,//aa">',
        "<code>curl https://bid.example/vast</code>",
    ],
)
def test_links_and_own_files_are_allowed(html: str) -> None:
    assert loaded_hosts(html) == []


def test_the_files_of_a_site_are_named(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.css").write_text("@font-face { src: url('https://fonts.example/a.woff2') }")
    (tmp_path / "index.html").write_text('<img src="https://img.example/a.png"><img src="b.png">')

    assert list(faults(tmp_path)) == [
        "assets/a.css: loads from https://fonts.example; put the file into docs/",
        "index.html: loads from https://img.example; put the file into docs/",
    ]


def test_the_pages_of_docs_have_no_mermaid() -> None:
    """GitHub shows Mermaid itself. The theme of the built pages loads its script from unpkg.com."""
    assert [str(page) for page in ROOT.glob("docs/**/*.md") if "```mermaid" in page.read_text()] == []
