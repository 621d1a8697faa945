"""`python -m tools.site_hosts`: checks that the built pages of docs/ load nothing from another host.

A reader without the internet sees the pages complete. Links that the reader follows may lead to other hosts.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from tools import ROOT

SITE = ROOT / "build" / "site"
_FOLLOWED = {"a", "area", "form"}
"""Elements whose addresses the browser loads only for a reader who follows them."""
_LOADED = {"action", "data", "href", "poster", "src", "srcset"}
_NOT_LOADED = {"canonical", "alternate", "next", "prev"}
"""The relations of a link element to pages that the browser does not load."""
_FOREIGN = re.compile(r"(?:https?:)?//[\w.-]+", re.IGNORECASE)
_IN_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[\w.-]+)", re.IGNORECASE)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "mermaid" in attributes.get("class", "").split():
            self.loaded.append("https://unpkg.com")  # the theme's script loads Mermaid from this host
        if tag in _FOLLOWED or attributes.get("rel") in _NOT_LOADED:
            return
        for name in _LOADED & attributes.keys():
            self.loaded += (host for part in _addresses(name, attributes[name]) if (host := _foreign_host(part)))
        self.loaded += _IN_CSS.findall(attributes.get("style", ""))


def _addresses(name: str, value: str) -> list[str]:
    return value.split(",") if name == "srcset" else [value]


def _foreign_host(address: str) -> str | None:
    named = _FOREIGN.match(address.strip())
    return named[0] if named else None


def loaded_hosts(text: str, *, is_css: bool = False) -> list[str]:
    """The other hosts from which a page or a style sheet loads files, in order."""
    if is_css:
        return _IN_CSS.findall(text)
    page = _Page()
    page.feed(text)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL)
    return page.loaded + [host for style in styles for host in _IN_CSS.findall(style)]


def faults(site: Path) -> Iterator[str]:
    """Each file of a built site that loads from another host, with the host."""
    for path in sorted(site.rglob("*")):
        if path.suffix in {".html", ".css"}:
            for host in loaded_hosts(path.read_text(encoding="utf-8"), is_css=path.suffix == ".css"):
                yield f"{path.relative_to(site)}: loads from {host}; put the file into docs/"


def main() -> int:
    """Prints the files that load from another host. Returns the exit status."""
    foreign = list(faults(SITE))
    print("\n".join(foreign) or "The pages load nothing from another host.")
    return 1 if foreign else 0


if __name__ == "__main__":
    sys.exit(main())
