"""Hypothesis strategies for OpenRTB requests as JSON values, shared by all tests.

`bid_requests()` generates valid requests, `dirty()` requests with harmless errors of real senders, and `mutated()`
requests with one arbitrary change.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

Json = Any
Path = tuple[str | int, ...]

words = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
domains = st.builds("{}.{}".format, words, st.sampled_from(["com", "example", "co.uk", "Example"]))
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
flags = st.integers(0, 1)
counts = st.integers(0, 5000)
seconds = st.integers(0, 120)
cpms = st.floats(0, 100, allow_nan=False).map(lambda cpm: round(cpm, 4))
currencies = st.sampled_from(["USD", "EUR", "JPY"])
categories = st.lists(st.sampled_from(["IAB1", "IAB7-39", "IAB25", "483"]), max_size=3)
mimes = st.lists(
    st.sampled_from(["video/mp4", "video/webm", "VIDEO/MP4", "application/x-mpegURL", "application/javascript"]),
    min_size=1,
    max_size=4,
)

json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


def objects(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """JSON objects with all fields of `required` and any of `optional`."""
    return st.fixed_dictionaries(required, optional=optional)


def codes(low: int, high: int) -> st.SearchStrategy[list[int]]:
    """Lists of values of an AdCOM list, including vendor-specific values."""
    return st.lists(st.integers(low, high) | st.just(500), max_size=5)


dur_floors = objects({}, mindur=seconds, bidfloor=cpms) | objects({}, maxdur=seconds, bidfloor=cpms)
publishers = objects({}, id=words, name=texts, domain=domains, cat=categories)
data = st.lists(
    objects({}, id=words, name=texts, segment=st.lists(objects({}, id=words, name=texts, value=words), max_size=2)),
    max_size=2,
)
geos = objects(
    {},
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    type=st.integers(1, 3),
    country=st.sampled_from(["USA", "DEU", "GBR"]),
    region=words,
    metro=words,
    city=texts,
    zip=words,
    utcoffset=st.integers(-720, 840),
)
contents = objects(
    {},
    id=words,
    title=texts,
    series=texts,
    season=words,
    episode=counts,
    genre=texts,
    cat=categories,
    cattax=st.integers(1, 9),
    keywords=texts,
    livestream=flags,
    len=counts,
    language=st.sampled_from(["en", "de"]),
    data=data,
    channel=objects({}, id=words, name=texts, domain=domains),
    network=objects({}, id=words, name=texts, domain=domains),
)
videos = objects(
    {"mimes": mimes},
    startdelay=st.integers(-2, 600),
    protocols=codes(1, 16),
    w=counts,
    h=counts,
    podid=words,
    podseq=st.integers(-1, 1),
    slotinpod=st.integers(-1, 2),
    sequence=st.integers(0, 5),
    maxseq=st.integers(1, 8),
    poddur=seconds,
    mincpmpersec=cpms,
    durfloors=st.lists(dur_floors, max_size=2),
    poddedupe=codes(1, 5),
    placement=st.integers(1, 5),
    plcmt=st.integers(1, 9),
    linearity=st.integers(1, 2),
    skip=flags,
    skipmin=seconds,
    skipafter=seconds,
    battr=codes(1, 23),
    maxextended=st.integers(-1, 60),
    minbitrate=counts,
    maxbitrate=counts,
    boxingallowed=flags,
    playbackmethod=codes(1, 11),
    delivery=codes(1, 3),
    pos=st.integers(0, 7),
    api=codes(1, 9),
    companionad=st.lists(objects({}, id=words, w=counts, h=counts), max_size=2),
)
durations = objects({}, minduration=seconds, maxduration=seconds) | objects(
    {}, rqddurs=st.lists(seconds, min_size=1, max_size=4)
)
pmps = objects(
    {},
    private_auction=flags,
    deals=st.lists(
        objects(
            {"id": words},
            bidfloor=cpms,
            bidfloorcur=currencies,
            at=st.integers(1, 3),
            wseat=st.lists(words, max_size=2),
            wadomain=st.lists(domains, max_size=2),
            guar=flags,
            mincpmpersec=cpms,
            durfloors=st.lists(dur_floors, max_size=2),
        ),
        max_size=3,
    ),
)
imps = objects(
    {},
    video=st.builds(lambda video, lengths: video | lengths, videos, durations),
    banner=objects({}, w=counts, h=counts),
    pmp=pmps,
    instl=flags,
    tagid=words,
    bidfloor=cpms,
    bidfloorcur=currencies,
    secure=flags,
    rwdd=flags,
    ssai=st.integers(0, 3),
    exp=counts,
)
published: dict[str, st.SearchStrategy[Any]] = {
    "id": words,
    "name": texts,
    "domain": domains,
    "keywords": texts,
    "publisher": publishers,
    "content": contents,
}
sites = objects({}, **published, cat=categories, page=texts, ref=texts, mobile=flags)
apps = objects({}, **published, cat=categories, bundle=words, storeurl=texts, ver=words, paid=flags)
doohs = objects({}, **published, venuetype=st.lists(words, max_size=2), venuetypetax=st.integers(1, 3))
brands = objects({"brand": texts}, version=st.lists(words, max_size=3))
devices = objects(
    {},
    geo=geos,
    dnt=flags,
    lmt=flags,
    ua=texts,
    sua=objects({}, browsers=st.lists(brands, max_size=2), platform=brands, mobile=flags, source=st.integers(0, 3)),
    ip=st.ip_addresses(v=4).map(str),
    ipv6=st.ip_addresses(v=6).map(str),
    devicetype=st.integers(1, 8),
    make=texts,
    model=texts,
    os=texts,
    osv=words,
    w=counts,
    h=counts,
    language=st.sampled_from(["en", "de"]),
    connectiontype=st.integers(0, 7),
    ifa=st.uuids().map(str),
)
eids = st.lists(
    objects({"source": domains}, uids=st.lists(objects({"id": words}, atype=st.integers(1, 3)), max_size=2)), max_size=2
)
users = objects({}, id=words, buyeruid=words, keywords=texts, geo=geos, data=data, consent=words, eids=eids)
schains = objects(
    {
        "ver": st.just("1.0"),
        "complete": flags,
        "nodes": st.lists(objects({"asi": domains, "sid": words, "hp": flags}, rid=words), max_size=3),
    }
)
sources = objects({}, fd=flags, tid=words, pchain=words, schain=schains)
regs = objects({}, coppa=flags, gdpr=flags, us_privacy=st.just("1YNN"), gpp=words, gpp_sid=codes(1, 23))


@st.composite
def bid_requests(draw: st.DrawFn) -> Json:
    """Valid OpenRTB 2.6 requests as `json.loads` returns them, most with video among their impressions."""
    request: dict[str, Json] = draw(
        objects(
            {"id": words, "imp": st.lists(imps, min_size=1, max_size=3)},
            device=devices,
            user=users,
            source=sources,
            regs=regs,
            test=flags,
            at=st.sampled_from([1, 2, 500]),
            tmax=counts,
            wseat=st.lists(words, max_size=2),
            cur=st.lists(currencies, max_size=2),
            wlang=st.lists(st.sampled_from(["en", "de"]), max_size=2),
            bcat=categories,
            cattax=st.integers(1, 9),
            badv=st.lists(domains, max_size=2),
            bapp=st.lists(words, max_size=2),
        )
    )
    for number, imp in enumerate(request["imp"], 1):
        imp["id"] = str(number)
    return request | draw(
        st.just({}) | objects({"site": sites}) | objects({"app": apps}) | objects({"dooh": doohs}),
    )


def paths(document: Json, path: Path = ()) -> Iterator[Path]:
    """The path of every value in `document`, except its own."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


def at(document: Json, path: Path) -> Json:
    """The value at `path`."""
    for step in path:
        document = document[step]
    return document


_DIRT: list[Callable[[Json], Json]] = [
    lambda value: str(value) if isinstance(value, int | float) else value,
    lambda value: float(value) if isinstance(value, int) else value,
    lambda value: value | {"unheard_of": [{"x": None}]} if isinstance(value, dict) else value,
    lambda value: [*value, None] if isinstance(value, list) else value,
    lambda value: value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], int) else value,
]
_NOTHING: list[Any] = [None, "", [], {}]
_OBJECTS = {"user", "device", "regs", "source", "video", "pmp", "geo", "sua"}
_OPTIONAL: dict[Path, list[str]] = {
    (): ["tmax", "user", "device", "regs", "bcat", "wseat", "cur", "at", "source"],
    ("imp", 0): ["video", "pmp", "bidfloor", "bidfloorcur", "secure", "instl", "exp"],
    ("imp", 0, "video"): ["maxduration", "w", "protocols", "battr", "skip", "podseq"],
    ("device",): ["geo", "lmt", "w", "sua"],
}


@st.composite
def dirty(draw: st.DrawFn) -> tuple[Json, Json]:
    """A valid request, and the same request with errors of a careless sender."""
    clean = draw(bid_requests())
    soiled = copy.deepcopy(clean)
    for path, names in _OPTIONAL.items():
        name = draw(st.sampled_from(names))
        # An empty object stays an object: its presence is information.
        nothing = draw(st.sampled_from(_NOTHING[:3] if name in _OBJECTS else _NOTHING))
        if _reaches(clean, path) and name not in at(clean, path):
            at(soiled, path)[name] = nothing
    for path in draw(st.lists(st.sampled_from(sorted(paths(clean), key=str)), max_size=4, unique=True)):
        dirt = draw(st.sampled_from(_DIRT))
        if _reaches(soiled, path):
            holder = at(soiled, path[:-1])
            holder[path[-1]] = dirt(holder[path[-1]])
    return clean, soiled


def _reaches(document: Json, path: Path) -> bool:
    try:
        at(document, path)
    except (KeyError, IndexError, TypeError):
        return False
    return True


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Json, Path]:
    """A valid request with an arbitrary JSON value at one path, and that path."""
    request = draw(bid_requests())
    path = draw(st.sampled_from(sorted(paths(request), key=str)))
    at(request, path[:-1])[path[-1]] = draw(json_values)
    return request, path
