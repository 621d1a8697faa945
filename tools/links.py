"""`python -m tools.links`: checks that the relative links of Markdown files outside docs/ lead to files and headings.

mkdocs checks the links among the pages of docs/. This program checks the README and other pages.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tools import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "tests/published/README.md")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def broken_links(page: Path) -> Iterator[str]:
    """The relative links of a page that point to a missing file or heading."""
    for target in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            yield f"{target}: no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8")):
            yield f"{target}: no such heading"


def anchors(text: str) -> set[str]:
    """The anchors of the headings of a Markdown text, as GitHub generates them."""
    headings = _HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def main() -> int:
    """Prints the broken links. Returns the exit status."""
    broken = [f"{name}: {link}" for name in PAGES if (ROOT / name).exists() for link in broken_links(ROOT / name)]
    print("\n".join(broken) or "All links are valid.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
