"""`python -m tests.fuzz.tags --count 100000`: mutated ad tags through the app, as API Gateway sends them.

An answer is wrong if it has status 5xx, lacks CORS headers, or has VAST or VMAP that cannot be parsed. A logged fault
and an exception are wrong too.
"""

import argparse
import json
import sys
from base64 import b64decode
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from gzip import decompress
from random import Random
from typing import Any
from urllib.parse import urlencode

from lxml import etree

import app
from bidder.ad_tag.parameters import BY_NAME
from tests.fuzz.run import REFRESHED_EVERY, bidding, fresh
from tests.integration.runtime import api_event

ANSWERS = {200, 204, 400}
ORIGIN = "https://news.example"
MORE_NAMES = ("breaks", "inline", "format", "nbr", "exchange", "mid_poddur", "pre_w", "utm_source", "", "w[]", "é")
VALUES = (
    *(
        "0",
        "1",
        "-1",
        "2",
        "3",
        "4.1",
        "15",
        "30",
        "640",
        "1e9",
        "9" * 400,
        "0.5",
        "-0",
        "NaN",
        "inf",
        "\u0661\u0665",
        "²",
    ),
    *(
        "https://news.example/a?b=c",
        "http://[",
        "//x",
        "about:blank",
        "javascript:alert(1)",
        "news.example",
        "x" * 9000,
    ),
    *("pre", "mid@600", "mid@1:2:3", "mid@50%", "post", "pre,mid@5,post", "640x360", "300x250,728x90", "52.5,13.4"),
    *("video/mp4", "video/mp4,video/webm", "2,3,5,6", "7,13,14", "EUR", "DE", "USA", "openrtb", "vast", "true", "no"),
    *("[PAGEURL]", "%%X%%", "${X}", "{{X}}", "__X__", "{X}", "%5BX%5D", "[", "{", "a,[X],b", ",", ",,,", " ", ""),
    *("<&>\"'", "]]>", "\0", "\ud800", "💰" * 50, "a\r\nb", "--", "${AUCTION_PRICE}", "a" * 300),
    *("\ue000m0\ue001", "\U000f1ad0m0\U000f1ad1"),
    *("1YNN", "DBABMA~1YNN", "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", "7,8", "-1"),
)
AGENTS = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4) Mobile", "Roku/DVP-12.5", "curl/8", "\0", "x" * 5000)
HEADERS = {
    "User-Agent": AGENTS,
    "X-Device-User-Agent": AGENTS,
    "Referer": VALUES,
    "Accept-Language": ("de-DE,de;q=0.9", "*", "", ";;;", "é"),
    "CloudFront-Viewer-Country": ("DE", "zz", "1", ""),
    "CloudFront-Viewer-Country-Region": ("BY", "x" * 99),
    "Sec-CH-UA": ('"Chromium";v="142"', '"', "\\", '"a";v="1",' * 500),
    "Sec-CH-UA-Platform": ('"Windows"', "Android"),
    "X-Forwarded-For": ("192.0.2.1", "x", "192.0.2.1, 203.0.113.7"),
    "Accept": ("application/json", "application/xml", "image/*"),
    "Accept-Encoding": ("gzip", "br;q=1"),
    "Content-Encoding": ("br",),
    "Authorization": ("Bearer x", "Basic"),
    "Sec-GPC": ("1",),
    "DNT": ("1",),
}


@dataclass(frozen=True)
class TagCall:
    """A GET request: path, headers, and the values of each parameter in their order."""

    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.query, doseq=True, errors='replace')[:600]} {str(self.headers)[:300]}"


@dataclass
class TagOutcome:
    """The result of a run: the answers by status, the number of ads, and the faults."""

    statuses: Counter[int] = field(default_factory=Counter)
    ads: int = 0
    wrong: list[str] = field(default_factory=list)


def tag(seed: int, number: int) -> TagCall:
    """The tag with this number. The same seed and number give the same tag."""
    rng = Random(f"{seed}:{number}")  # noqa: S311  no secret
    names = [*BY_NAME, *MORE_NAMES]
    query: dict[str, list[str]] = {}
    for _ in range(rng.choice((0, 1, 2, 3, 6, 12))):
        name = rng.choice(names)
        query[name if rng.random() < 0.9 else name.upper()] = [
            _value(rng, name) for _ in range(rng.choice((1, 1, 1, 2)))
        ]
    headers = {name: rng.choice(values) for name, values in HEADERS.items() if rng.random() < 0.2}
    return TagCall("/vmap" if rng.random() < 0.2 else "/vast", query, {"Origin": ORIGIN, **headers})


@cache
def _suitable_values(name: str) -> list[str]:
    """The values that the parameter accepts."""
    suitable_values = []
    for value in VALUES:
        with suppress(ValueError):
            if name in BY_NAME and BY_NAME[name].reader.read(value.strip()) is not None:
                suitable_values.append(value)
    return suitable_values


def _value(rng: Random, name: str) -> str:
    suitable_values = _suitable_values(name)
    if suitable_values and rng.random() < 0.85:
        return rng.choice(suitable_values)
    value = rng.choice(VALUES)
    if rng.random() < 0.15 and value:
        position = rng.randrange(len(value))
        value = value[:position] + chr(rng.randrange(0x250)) + value[position + 1 :]
    return value


def run(count: int, seed: int) -> TagOutcome:
    """Runs `count` tags of the seed. The run replaces the app's service, so only one thread may run it."""
    outcome = TagOutcome()
    with bidding() as (bidder, faults):
        for number in range(count):
            if number % REFRESHED_EVERY == 0:
                fresh(bidder)
            tag_call = tag(seed, number)
            problem = _problem(tag_call, outcome)
            if problem or faults:
                outcome.wrong.append(f"{seed}:{number} {problem} {'; '.join(faults)} for {tag_call}")
                faults.clear()
    return outcome


def _problem(tag_call: TagCall, outcome: TagOutcome) -> str | None:
    """Counts the answer to a tag. Returns its fault, or None."""
    event = api_event("GET", tag_call.path, tag_call.path, headers=tag_call.headers)
    event["multiValueQueryStringParameters"] = tag_call.query or None
    try:
        answer = app.app(event, None)
        status, headers = answer["statusCode"], answer["headers"]
        outcome.statuses[status] += 1
        if status not in ANSWERS or headers.get("Access-Control-Allow-Origin") != ORIGIN:
            return f"{status} {headers}"
        body = _body(answer)
        if status == 400:
            return None if json.loads(body)["fields"] else "a 400 that names nothing"
        if headers.get("Content-Type") == "application/xml":
            outcome.ads += sum(1 for _ in etree.fromstring(body).iter("{*}Ad"))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _body(answer: dict[str, Any]) -> bytes:

    body = b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()
    return decompress(body) if answer["headers"].get("Content-Encoding") == "gzip" else body


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.tags", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=16)
    arguments = parser.parse_args()
    outcome = run(arguments.count, arguments.seed)
    print(f"{arguments.count} tags, seed {arguments.seed}: {outcome.ads} ads; answers {dict(outcome.statuses)}")
    for line in outcome.wrong[:20]:
        print("WRONG", line)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
