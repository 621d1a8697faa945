"""Declared crawlers by their user agent: general invalid traffic (GIVT). Bids and events use the same rules.

`python -m tools.crawlers` writes `crawlers.txt` from the package `crawler-user-agents` (MIT licence, in
`crawlers.LICENSE`). It has three blocks after its head, with one rule a line: texts that begin with a letter or digit,
in ascending order; other texts; and regular expressions, each after a text that all its matches contain, and a tab. So
a process compiles no expression before a user agent has that text: to compile all of them takes longer than a bid.

A user agent has names with versions, and comments in brackets (RFC 9110, section 10.1.5). A comment can also name a
device model, and some models share words with crawlers (HTC Butterfly). So a comment counts only if it has
`compatible`, a contact, or a program with its version. Some apps have plain words as names, so a plain word counts only
with a version.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from os.path import dirname, join
from typing import NamedTuple

_MAX_CHARACTERS = 512
_COMMENT = re.compile(r"\([^()]*\)")
_CONTACT = re.compile(r"compatible|like Gecko;|https?:|www\.|@|\.com\b|[A-Za-z-]{3,}[Bb]ot\b", re.IGNORECASE)
_DEVICE = re.compile(
    r"Android|iPhone|iPad|iPod|HTC|Build/|Darwin|Dalvik|Mobile|SDK|Tizen|Web0S|webOS|SMART-TV|SmartTV|TV\b"
)
_PROGRAM = re.compile(r"(?!.*Build/)[A-Za-z][\w.-]*/\d[\w.]*")
_WORD_STARTS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9].")
_KIND = re.compile("bot|crawl|spider", re.IGNORECASE)
_PREVIEW = re.compile(r"WhatsApp(/[\d.]+( [A-Za-z]|/[a-z])?)?")
"""The user agent of WhatsApp's link previews. The browser in WhatsApp's app has another user agent."""


class _Rules(NamedTuple):
    """The rules of the list. `texts` ascend; an expression stands with a text that all its matches contain."""

    texts: Sequence[str]
    other_texts: Sequence[str]
    expressions: Sequence[tuple[str, str]]


def is_crawler(user_agent: str | None, viewers: Sequence[str] = ()) -> bool:
    """Whether the user agent is of a known crawler. An absent user agent, and HTTP libraries of players, are not.

    A user agent that contains one of the texts `viewers` is never a crawler.
    """
    if not user_agent or any(text in user_agent for text in viewers):
        return False
    return _is_known(user_agent[:_MAX_CHARACTERS])


@lru_cache(maxsize=4096)
def _is_known(user_agent: str) -> bool:
    if _PREVIEW.fullmatch(user_agent):
        return True
    if not _DEVICE.search(user_agent):
        return _matches_any(user_agent) or next(_find_texts(user_agent), None) is not None
    programs = _COMMENT.sub("()", user_agent)
    comments = " ".join(filter(None, map(_strip_comment, _COMMENT.findall(user_agent))))
    return (
        _matches_any(f"{programs} {comments}")
        or next(_find_texts(comments), None) is not None
        or any(_is_program(text, programs) for text in _find_texts(programs))
    )


def _matches_any(searched_text: str) -> bool:
    """Whether any of the regular expressions matches."""
    expressions = _rules().expressions
    return any(text in searched_text and re.search(pattern, searched_text) is not None for text, pattern in expressions)


def _find_texts(searched_text: str) -> Iterator[str]:
    """The texts of the list that occur at the begin of a word."""
    rules = _rules()
    for word in _WORD_STARTS.finditer(searched_text):
        beginning, start = word[0], word.start()
        for number in range(bisect_left(rules.texts, beginning), len(rules.texts)):
            text = rules.texts[number]
            if not text.startswith(beginning):
                break
            if searched_text.startswith(text, start):
                yield text
    yield from (text for text in rules.other_texts if text in searched_text)


def _strip_comment(comment: str) -> str:
    if _CONTACT.search(comment):
        return comment
    return " ".join(part.strip() for part in comment[1:-1].split(";") if _PROGRAM.fullmatch(part.strip()))


def _is_program(text: str, programs: str) -> bool:
    """Whether a text is the name of a program. A plain word, which can also name an app, needs a version."""
    if not text.isalpha() or _KIND.search(text):
        return True
    return re.search(rf"(?<![A-Za-z0-9-]){text}(/|\s*$)", programs) is not None


@cache
def _rules() -> _Rules:
    path = join(dirname(__file__), "crawlers.txt")  # noqa: PTH118, PTH120  pathlib takes longer to import
    with open(path, encoding="ascii") as file:  # noqa: PTH123  as above
        blocks = file.read().removesuffix("\n").split("\n\n")
    _, texts, other_texts, expressions = (block.split("\n") for block in blocks)
    pairs = (line.partition("\t") for line in expressions)
    return _Rules(texts, other_texts, [(text, pattern) for text, _, pattern in pairs])
