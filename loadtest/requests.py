"""Generates mixed OpenRTB 2.x requests like those of an exchange. The same random state gives the same requests.

`python -m loadtest.requests N [SEED]` writes N requests as JSON Lines, the form that `bidder replay` reads.
"""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from enum import StrEnum
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from loadtest import traffic

Document = dict[str, Any]


class RequestKind(StrEnum):
    """The valid answers to a kind of request."""

    VIDEO = "video"
    """200 or 204."""
    BANNER = "banner"
    """204: the request has no video impression."""
    MALFORMED = "malformed"
    """400: the request is invalid by the standard."""


class Generated(NamedTuple):
    """A request, its kind, and the bytes of a recorded request (`sent`), or None."""

    kind: RequestKind
    document: Document
    sent: bytes | None = None

    @property
    def body(self) -> bytes:
        """The body to send."""
        return json.dumps(self.document).encode() if self.sent is None else self.sent


def generate(rng: Random) -> Generated:
    """The next request: most are video, some banner only, and one in a hundred is malformed."""
    draw = rng.random()
    document = _request(rng)
    if draw < 0.01:
        return Generated(RequestKind.MALFORMED, rng.choice(MALFORMED)(document))
    if draw < 0.09:
        for imp in document["imp"]:
            imp["banner"] = {"format": [{"w": 300, "h": 250}, {"w": 320, "h": 50}]}
            del imp["video"]
        return Generated(RequestKind.BANNER, document)
    return Generated(RequestKind.VIDEO, document)


def _without_imp(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "imp"}


def _without_id(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "id"}


def _empty_imp(document: Document) -> Document:
    return document | {"imp": []}


def _repeated_imp(document: Document) -> Document:
    return document | {"imp": [document["imp"][0], deepcopy(document["imp"][0])]}


def _site_and_app(document: Document) -> Document:
    return document | {"site": {"domain": "a.example"}, "app": {"bundle": "com.a.example"}}


MALFORMED: tuple[Callable[[Document], Document], ...] = (
    _without_imp,
    _without_id,
    _empty_imp,
    _repeated_imp,
    _site_and_app,
)
"""Ways to break a request (OpenRTB 2.6 section 3.2.1: id and imp are required; site and app exclude each other)."""


def _request(rng: Random) -> Document:
    country = country_of_viewer(rng)
    channel, players = rng.choices((_site, _app, _channel), (45, 30, 25))[0](rng, country)
    document: Document = {
        "id": _uuid(rng),
        "imp": [_imp(rng, str(number), players) for number in range(1, rng.choices((1, 2, 3), (88, 9, 3))[0] + 1)],
        **channel,
        "user": {"id": _uuid(rng)},
        "at": rng.choices((1, 2), (70, 30))[0],
        "tmax": rng.choice((120, 200, 300, 500, 1000)),
        "cur": ["EUR"] if rng.random() < 0.02 else ["USD"],
        "source": {"tid": _uuid(rng), "ext": {"schain": _supply_chain(rng)}},
    }
    if rng.random() < 0.4:
        document["bcat"] = rng.sample(["IAB25", "IAB26", "IAB7-39", "IAB14-1", "IAB8-5", "IAB9-9", "IAB13"], 3)
    if rng.random() < 0.2:
        document["badv"] = rng.sample(["rival.example", "halden-mutual.example", "casino.example"], 2)
    if rng.random() < 0.03:
        document["wseat"] = ["another-seat"]
    return document | regulations(rng, country)


def country_of_viewer(rng: Random) -> traffic.Country:
    """A country by the size of its market."""
    return rng.choices(traffic.COUNTRIES, [1 / rank for rank in range(1, len(traffic.COUNTRIES) + 1)])[0]


def regulations(rng: Random, country: traffic.Country) -> Document:
    """The field `regs` of a request from this country; empty without any."""
    if country.code in {"GBR", "DEU", "FRA", "ESP", "ITA", "BEL", "AUT", "NLD", "IRL", "SWE", "POL"}:
        return {"regs": rng.choice(({"gdpr": 1}, {"ext": {"gdpr": 1}}))}
    return {"regs": {"coppa": 0, "ext": {"us_privacy": "1YNN"}}} if country.code == "USA" else {}


class _Players(NamedTuple):
    """The differences between the players of a site, an app and a television."""

    sizes: tuple[tuple[int, int], ...]
    plcmt: tuple[int | None, ...]
    durations: tuple[Document, ...]
    floor: float
    skippable: float
    deals: float


_ON_SITES = _Players(
    sizes=((640, 360), (640, 480), (854, 480), (1280, 720), (400, 225), (300, 250)),
    plcmt=(1, 1, 2, 2, 4, None),
    durations=({"minduration": 5, "maxduration": 30}, {"minduration": 1, "maxduration": 60}, {"maxduration": 15}),
    floor=2.0,
    skippable=0.3,
    deals=0.15,
)
_IN_APPS = _Players(
    sizes=((320, 480), (480, 320), (568, 320), (720, 1280), (640, 360)),
    plcmt=(3, 3, 1, 4),
    durations=({"minduration": 5, "maxduration": 30}, {"minduration": 6, "maxduration": 15}, {"maxduration": 6}),
    floor=3.0,
    skippable=0.4,
    deals=0.05,
)
_ON_TELEVISION = _Players(
    sizes=((1920, 1080), (1280, 720), (3840, 2160)),
    plcmt=(1,),
    durations=({"minduration": 15, "maxduration": 30}, {"rqddurs": [15, 30]}, {"minduration": 6, "maxduration": 60}),
    floor=7.0,
    skippable=0.0,
    deals=0.35,
)


BROWSERS = tuple({"devicetype": 2} | device for device in (*traffic.DESKTOPS, *traffic.DESKTOPS, *traffic.MOBILES))
"""The devices of viewers of sites; desktops come twice."""


def _site(rng: Random, country: traffic.Country) -> tuple[Document, _Players]:
    domain, category = rng.choice(traffic.SITES)
    device = rng.choice(BROWSERS)
    page = f"https://{domain}/{rng.randrange(10_000)}"
    site = {"id": domain, "domain": domain, "page": page, "cat": [category], "publisher": _publisher(domain)}
    return {"site": site, "device": describe_device(rng, country, device)}, _ON_SITES


def _app(rng: Random, country: traffic.Country) -> tuple[Document, _Players]:
    return _in_app(rng, country, traffic.APPS, traffic.MOBILES), _IN_APPS


def _channel(rng: Random, country: traffic.Country) -> tuple[Document, _Players]:
    document = _in_app(rng, country, traffic.CHANNELS, traffic.TELEVISIONS)
    document["app"]["content"] = {"genre": "drama", "livestream": rng.randrange(2), "len": 2700, "language": "en"}
    return document, _ON_TELEVISION


def _in_app(
    rng: Random, country: traffic.Country, apps: tuple[tuple[str, str, str], ...], devices: tuple[Document, ...]
) -> Document:
    bundle, name, category = rng.choice(apps)
    app = {"id": bundle, "bundle": bundle, "name": name, "cat": [category], "publisher": _publisher(name)}
    ifa = {"ifa": _uuid(rng), "lmt": 0} if rng.random() < 0.7 else {"lmt": 1}
    return {"app": app, "device": describe_device(rng, country, rng.choice(devices)) | ifa}


def _publisher(name: str) -> Document:
    return {"id": f"pub-{name.lower().replace(' ', '-')}", "name": name}


def describe_device(rng: Random, country: traffic.Country, device: Document) -> Document:
    """The field `device` of a viewer in this country."""
    return {
        **device,
        "ip": f"198.51.100.{rng.randrange(1, 255)}",  # TEST-NET-2, RFC 5737
        "language": country.language if rng.random() < 0.9 else f"{country.language}-{country.code[:2]}",
        "geo": {"country": country.code, "region": country.region, "type": 2},
        "connectiontype": rng.choice((2, 6, 7)),
        "dnt": 0,
    }


def _imp(rng: Random, imp_id: str, players: _Players) -> Document:
    imp: Document = {"id": imp_id, "video": _video(rng, players), "tagid": f"slot-{rng.randrange(40)}", "secure": 1}
    if rng.random() < 0.9:
        imp["bidfloor"] = round(min(rng.lognormvariate(0, 0.8) * players.floor, 60), 2)
        imp["bidfloorcur"] = "USD"
    if rng.random() < players.deals:
        imp["pmp"] = {
            "private_auction": int(rng.random() < 0.3),
            "deals": [
                {"id": deal, "bidfloor": floor, "bidfloorcur": "USD", "at": rng.choice((1, 3))}
                for deal, floor in rng.sample(traffic.DEALS, rng.randrange(1, 3))
            ],
        }
    if players is _IN_APPS and rng.random() < 0.3:
        imp |= {"instl": 1, "rwdd": 1}
    return imp


def _video(rng: Random, players: _Players) -> Document:
    width, height = rng.choice(players.sizes)
    video: Document = {
        "mimes": rng.choices(traffic.MIMES, traffic.MIME_WEIGHTS)[0],
        "w": width,
        "h": height,
        "linearity": 1,
        "startdelay": rng.choice((0, 0, 0, -1, 60)),
        "playbackmethod": [rng.choice((1, 2, 6))],
        "delivery": [2],
        "api": rng.choice(([], [2], [7])),
        **rng.choice(players.durations),
    }
    if (protocols := rng.choices(traffic.PROTOCOLS, traffic.PROTOCOL_WEIGHTS)[0]) is not None:
        video["protocols"] = protocols
    if (plcmt := rng.choice(players.plcmt)) is not None:
        video["plcmt"] = plcmt
    else:
        video["placement"] = rng.choice((1, 3, 5))
    if rng.random() < players.skippable:
        video |= {"skip": 1, "skipmin": 0, "skipafter": 5}
    if rng.random() < 0.15:
        video |= {"minbitrate": 300, "maxbitrate": rng.choice((800, 1500, 3000))}
    return video


def _supply_chain(rng: Random) -> Document:
    return {
        "complete": 1,
        "ver": "1.0",
        "nodes": [{"asi": "exchange.example", "sid": str(rng.randrange(1000, 9999)), "hp": 1}],
    }


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def main(count: int, seed: int = 1) -> None:
    """Writes the requests to standard output, both valid and invalid ones, as an exchange would send them."""
    rng = Random(seed)  # noqa: S311  not a secret
    for _ in range(count):
        print(json.dumps(generate(rng).document, separators=(",", ":")))


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3} or not all(argument.isdecimal() for argument in sys.argv[1:]):
        sys.exit("usage: python -m loadtest.requests N [SEED] > requests.jsonl")
    main(*map(int, sys.argv[1:]))
