"""Faults of requests: reported faults, repaired faults, and faults of the whole request."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb import BidRequest, InvalidRequest, parse
from bidder.openrtb.base import MAX_STRING
from bidder.openrtb.bid_request import MAX_IMPS
from bidder.openrtb.parse import MAX_BODY, MAX_FAULTS, MAX_OBJECTS, MAX_SHORT_BODY
from tests.support.strategies import bid_requests
from tests.unit.openrtb.documents import VIDEO, faults, read, request, with_imp, with_video

NO_NUMBERS: list[Any] = ["instream", {}, [None], "NaN"]
"""Values of fields with a number that cannot be read."""


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ([], ["body"]),
        (None, ["body"]),
        ({}, ["id", "imp"]),
        (request(id=""), ["id"]),
        (request(id=None), ["id"]),
        (request(id=True), ["id"]),
        (request(imp=None), ["imp"]),
        (request(imp=[]), ["imp"]),
        (request(imp=[None]), ["imp"]),
        (request(imp={"id": "1"}), ["imp"]),
        (request(imp=[{}]), ["imp[0].id"]),
        (request(imp=["1"]), ["imp[0]"]),
        (request(imp=[{"id": "1"}, {"id": "2"}, {"id": "1"}, {"id": 1}]), ["imp[2].id", "imp[3].id"]),
        (with_imp(video={}), ["imp[0].video.mimes"]),
        (with_imp(video="yes"), ["imp[0].video"]),
        (with_video(mimes=[]), ["imp[0].video.mimes"]),
        (with_video(mimes=[None]), ["imp[0].video.mimes"]),
        (with_video(mimes={"a": 1}), ["imp[0].video.mimes"]),
        (with_video(mimes=["video/mp4", {"a": 1}]), ["imp[0].video.mimes[1]"]),
        (with_video(maxduration="long", minduration="short"), ["imp[0].video.minduration", "imp[0].video.maxduration"]),
        (with_imp(bidfloor="much"), ["imp[0].bidfloor"]),
        (with_imp(bidfloor="NaN"), ["imp[0].bidfloor"]),
        (with_imp(pmp="x"), ["imp[0].pmp"]),
        (request(regs={"gdpr": "yes", "ext": {"gpp_sid": ["x"]}}), ["regs.gdpr", "regs.ext.gpp_sid[0]"]),
        (request(device={"lmt": "on"}), ["device.lmt"]),
        (request(device={"ext": {"atts": "denied"}}), ["device.ext.atts"]),
        (request(user={"consent": {"a": 1}}), ["user.consent"]),
        (request(regs={"ext": {"dsa": {"dsarequired": "very"}}}), ["regs.ext.dsa.dsarequired"]),
        (request(bcat={"x": 1}), ["bcat"]),
        (request(site={"id": "s"}, app={"id": "a"}), ["app"]),
        (request(site={}, app={}, dooh={}), ["app", "dooh"]),
        (
            {"imp": [{"id": "1", "video": {}}, {"id": "1"}], "site": {}, "app": {}},
            ["id", "imp[0].video.mimes", "imp[1].id", "app"],
        ),
    ],
    ids=lambda value: json.dumps(value)[:60],
)
def test_each_fault_is_reported_with_its_field(document: Any, paths: list[str]) -> None:
    assert faults(document) == paths


@pytest.mark.parametrize(
    ("document", "read_back"),
    [
        (request(id=17), lambda result: result.id == "17"),
        (request(imp=[{"id": 1}, {"id": "01"}]), lambda result: [imp.id for imp in result.imp] == ["1", "01"]),
        (
            with_video(w="640", h=480.0),
            lambda result: (result.imp[0].video.w, result.imp[0].video.h) == (640, 480),
        ),
        (with_video(w=640.5), lambda result: result.imp[0].video.w == 640),
        (with_video(mimes=["VIDEO/MP4 "]), lambda result: result.imp[0].video.mimes == ("video/mp4",)),
        (with_video(mimes="video/mp4"), lambda result: result.imp[0].video.mimes == ("video/mp4",)),
        (with_video(protocol=2), lambda result: result.imp[0].video.accepted_protocols() == (2,)),
        (with_video(protocol=[2, 5]), lambda result: result.imp[0].video.accepted_protocols() == (2, 5)),
        (
            with_video(protocols=[3], protocol=2),
            lambda result: result.imp[0].video.accepted_protocols() == (3,),
        ),
        (with_video(protocols=[9999]), lambda result: result.imp[0].video.protocols == (9999,)),
        (with_video(companionad={"companion": [{}]}), lambda result: result.imp[0].video.companionad == ()),
        (with_imp(banner="dirty", native=[1], audio=3, ext="x"), lambda result: result.imp[0].native is True),
        (with_imp(pmp=[], video=[]), lambda result: result.imp[0].video is None),
        (with_imp(bidfloor="1.5", bidfloorcur=None), lambda result: result.imp[0].bidfloor == 1.5),
        (request(imp=[None, {"id": "1"}]), lambda result: len(result.imp) == 1),
        (request(cur=["usd", None]), lambda result: result.cur == ("USD",)),
        (request(cur="usd, eur"), lambda result: result.cur == ("USD", "EUR")),
        (request(bcat="iab25, IAB7-39"), lambda result: result.bcat == ("IAB25", "IAB7-39")),
        (request(bcat=["IAB25,IAB26", None, 483, ""]), lambda result: result.bcat == ("IAB25", "IAB26", "483")),
        (
            request(badv="https://A.example/x, *.b.example"),
            lambda result: result.badv == ("a.example", "b.example"),
        ),
        (request(bapp=["com.A.b ", "id123456789"]), lambda result: result.bapp == ("com.a.b", "123456789")),
        (request(wlang=["en-US", "DE"]), lambda result: result.wlang == ("en", "de")),
        (request(wlangb=["zh-Hans"]), lambda result: result.wlangb == ("zh",)),
        (request(wseat=" Bidder ,x"), lambda result: result.wseat == ("bidder", "x")),
        *(
            (request(**{name: blank}), lambda result, name=name: getattr(result, name) == ())
            for name in ("wseat", "bseat", "cur", "wlang", "wlangb", "acat", "bcat", "badv", "bapp")
            for blank in ("", " ", ",", [""], [" "], ["", None], [None], [","])
        ),
        *(
            (
                with_imp(pmp={"deals": [{"id": "d", name: blank}]}),
                lambda result, name=name: getattr(result.imp[0].pmp.deals[0], name) == (),
            )
            for name in ("wseat", "wadomain", "durfloors")
            for blank in ("", [""], None, [None])
        ),
        (
            with_video(mimes=['video/mp4; codecs="avc1, mp4a"']),
            lambda result: result.imp[0].video.mimes == ("video/mp4",),
        ),
        (
            with_video(mimes="video/mp4, Video/WebM"),
            lambda result: result.imp[0].video.mimes == ("video/mp4", "video/webm"),
        ),
        (
            with_video(protocols="2,3", battr=["1 ,13"]),
            lambda result: result.imp[0].video.protocols + result.imp[0].video.battr == (2, 3, 1, 13),
        ),
        (
            with_video(protocols=[""], battr=""),
            lambda result: result.imp[0].video.protocols + result.imp[0].video.battr == (),
        ),
        *(
            (request(regs=regs), lambda result: result.regs.gpp_sid == (7, 8))
            for sids in ("7,8", "7_8", "[7, 8]", ["7,8"], ["7", "8"], " 7 ; 8 ")
            for regs in ({"gpp_sid": sids}, {"ext": {"gpp_sid": sids}})
        ),
        (
            request(site={"id": "s"}, app={}),
            lambda result: (result.site is not None, result.app) == (True, None),
        ),
        (
            request(site={"id": ""}, app={"id": "a"}, dooh={"ext": {}}),
            lambda result: (result.site, result.dooh) == (None, None),
        ),
        (request(bcat="IAB25"), lambda result: result.bcat == ("IAB25",)),
        (request(test=True, at=None), lambda result: (result.test, result.at) == (1, 2)),
        (request(tmax="soon"), lambda result: result.tmax is None),
        (
            request(site={"name": {"en": "x"}, "cat": "IAB1", "domain": "A.Example"}),
            lambda result: result.site.domain == "a.example",
        ),
        (
            request(device={"geo": "here", "ua": 7, "w": {}}),
            lambda result: (result.device.geo, result.device.ua) == (None, "7"),
        ),
        (request(device={"ua": "x" * (MAX_STRING + 1)}), lambda result: result.device.ua is None),
        (
            request(user={"eids": "x", "ext": 99, "data": [{"segment": [5]}]}),
            lambda result: result.user.eids == (),
        ),
        (with_video(ext={"rewarded": 1}), lambda result: result.imp[0].rwdd == 1),
        (
            with_imp(ext={"gpid": "/1/top", "prebid": {"is_rewarded_inventory": 1}}),
            lambda result: result.imp[0].rwdd == 1,
        ),
        (
            with_imp(ext={"gpid": "/1/top"}),
            lambda result: (result.imp[0].ext.gpid, result.imp[0].rwdd) == ("/1/top", 0),
        ),
        (with_imp(ext={"rewarded": True}), lambda result: result.imp[0].rwdd == 1),
        (with_imp(ext={"is_rewarded_inventory": "1"}), lambda result: result.imp[0].rwdd == 1),
        (with_imp(ext={"rewarded": "no", "is_rewarded_inventory": 0}), lambda result: result.imp[0].rwdd == 0),
        (with_imp(ext={"prebid": "x"}), lambda result: result.imp[0].ext.prebid is None),
        (with_video(ext={"skippable": True}), lambda result: result.imp[0].video.skip == 1),
        (with_video(skip=0, ext={"skippable": 1}), lambda result: result.imp[0].video.skip == 0),
        (
            request(user={"eids": [{}] * 201, "id": "u"}),
            lambda result: (len(result.user.eids), result.user.id) == (200, "u"),
        ),
        (with_imp(pmp={"deals": [{"id": "d"}] * 500}), lambda result: len(result.imp[0].pmp.deals) == 500),
        *(
            (
                request(user={"eids": junk, "data": junk, "id": "u"}, device={"sua": {"browsers": junk}, "ua": "a"}),
                lambda result: (
                    (result.user.eids, result.user.data, result.user.id, result.device.sua.browsers)
                    == ((), (), "u", ())
                ),
            )
            for junk in ("7", ["7"], [1, "7", "8 9"], " 7,8 ", [["7"]])
        ),
        (with_imp(qty={"multiplier": 1, "vendor": True}), lambda result: result.imp[0].qty.vendor is None),
        (with_video(companionad=["1", {"w": 300}]), lambda result: len(result.imp[0].video.companionad) == 1),
        *(
            (
                with_video(
                    plcmt=junk, playbackmethod=[junk], podseq=junk, boxingallowed=junk, pos=junk, placement=junk
                ),
                lambda result: (
                    (result.imp[0].video.plcmt, result.imp[0].video.playbackmethod) == (None, ())
                    and (result.imp[0].video.podseq, result.imp[0].video.boxingallowed) == (0, 1)
                ),
            )
            for junk in NO_NUMBERS
        ),
        (with_imp(instl="yes"), lambda result: result.imp[0].instl == 0),
        (with_video(ext="x"), lambda result: result.imp[0].video.ext is None),
        (
            request(regs={"ext": {"coppa": "1", "gpc": "1"}}),
            lambda result: (result.regs.coppa, result.regs.ext.gpc) == (1, 1),
        ),
        (
            request(regs={"ext": {"dsa": {"dsarequired": 3}}}),
            lambda result: result.regs.ext.dsa.dsarequired == 3,
        ),
        (request(device={"ext": {"atts": 2.0}}), lambda result: result.device.ext.atts == 2),
        (request(device={"ext": []}), lambda result: result.device.ext is None),
        (request(user={"consent": 7, "ext": {"consent": None}}), lambda result: result.user.consent == "7"),
        (request(device={"geo": {"country": "de"}}), lambda result: result.device.geo.country == "DEU"),
        (request(site=None, app={}), lambda result: result.app is not None),
        (request(site=[], app={}), lambda result: result.app is not None),
        (
            request(user={"id": "\u00e9\u4e16\U0001f600"}),
            lambda result: result.user.id == "\u00e9\u4e16\U0001f600",
        ),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_harmless_faults_are_repaired(document: Any, read_back: Callable[[BidRequest], bool]) -> None:
    assert read_back(read(document))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        json.dumps(request()).encode("utf-16"),
        json.dumps(request(id="\u00e9"), ensure_ascii=False).encode("latin-1"),
        b'{"id":"1","imp":[{"id":"1"}]}\xef\xbb\xbf',
        b'{"id":"1","imp":[{"id":"1"}],"ext":[' + b"[]," * MAX_OBJECTS + b"1]}",
        b'{"id":"1","imp":[{"id":"1"}],"ext":{"x":NaN}}',
        b'{"id":"1","imp":[{"id":"1","bidfloor":-Infinity}]}',
        b'{"id":"\\ud800","imp":[{"id":"1"}]}',
        b"[" * 100_000,
        b'{"id":"1","imp":[{"id":"1"}],"ext":' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001,
        b'{"id":"1","imp":[{"id":"1"}],"ext":[' + b"{}," * MAX_OBJECTS + b"1]}",
        b'{"id":"1","imp":[{"id":"1"}],"bcat":[' + b'"IAB1",' * (MAX_BODY // 7) + b'"IAB1"]}',
    ],
    ids=range(14),
)
def test_a_body_that_is_not_a_json_object_within_limits_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as error:
        parse(body)
    assert [path for path, _ in error.value.fields] == ["body"]


@pytest.mark.parametrize(
    "wrong", [{"id": "2", "video": {}}, {"id": "2", "video": VIDEO, "bidfloor": "much"}, {"video": VIDEO}, "x", 7]
)
@pytest.mark.parametrize("position", [0, 1, 2])
def test_only_the_invalid_impression_is_dropped(wrong: Any, position: int) -> None:
    imps: list[Any] = [{"id": "1", "video": VIDEO}, {"id": "3", "video": VIDEO}]
    imps.insert(position, wrong)

    assert [imp.id for imp in read(request(imp=imps)).imp] == ["1", "3"]
    assert [imp.id for imp in read(request(imp=[wrong, *imps, wrong], bcat=[None, "IAB1"])).imp] == ["1", "3"]


def test_without_a_valid_impression_each_invalid_impression_is_reported() -> None:
    imps = [{"id": "1", "video": {}}, {"id": "2", "banner": {}}, {"id": "3", "video": {"mimes": [" "]}}]

    assert faults(request(imp=imps)) == ["imp[0].video.mimes", "imp[2].video.mimes"]


def test_beyond_the_limit_only_the_first_impressions_are_read() -> None:
    imps = [{"id": str(number), "video": VIDEO} for number in range(MAX_IMPS + 20)]
    imps[MAX_IMPS + 3] = {"id": "0"}
    imps[5] = {"id": "5", "video": {}}

    values = [imp.id for imp in read(request(imp=imps)).imp]

    assert values == [str(number) for number in range(MAX_IMPS) if number != 5]


@pytest.mark.parametrize(
    ("title", "read_as"),
    [
        (b"cut \\ud83d", "cut \ufffd"),
        (b"cut \\uDE00 low", "cut \ufffd low"),
        (b"\\ud83d\\ud83d\\ude00", "\ufffd\U0001f600"),
        (b"\\\\ud83d \\ud83d", "\\ud83d \ufffd"),
        (b"\\ud83d\\n", "\ufffd\n"),
        (b"cut \xf0\x9f\x98", "cut \ufffd"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xed\xa0\xbd", "\ufffd\ufffd\ufffd"),
        (b"two\nlines\0", "two lines "),
        (b"\xf0\x9f\x98\x80", "\U0001f600"),
    ],
)
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("padding", [0, MAX_SHORT_BODY])
def test_only_the_text_with_a_lone_surrogate_is_dropped(title: bytes, read_as: str, bom: bytes, padding: int) -> None:
    body = bom + b'{"id":"r","imp":[{"id":"1","video":{"mimes":["video/mp4"]}}],"site":{"content":{"title":"' + title
    parsed = parse(body + b'"}}}' + b" " * padding)

    assert parsed.site is not None
    assert parsed.site.content is not None
    assert parsed.site.content.title == read_as


@given(bid_requests(), st.data())
def test_a_lone_surrogate_in_any_text_changes_no_other_field(document: Any, data: st.DataObject) -> None:
    site = {"name": data.draw(st.text(st.characters(exclude_characters="\ufffd"), max_size=8)) + "\ud83d"}
    document.pop("app", None)
    document.pop("dooh", None)
    clean = read(document | {"site": site | {"name": "x"}}).model_dump()
    values = read(document | {"site": site}).model_dump()

    assert values.pop("site")["name"].endswith("\ufffd")
    clean.pop("site")
    assert values == clean


def test_a_request_id_with_a_lone_surrogate_is_refused() -> None:
    whole, cut = {"id": "1", "video": VIDEO}, {"id": "\ud83d", "video": VIDEO}

    assert [imp.id for imp in read(request(imp=[whole, cut])).imp] == ["1"]
    assert faults(request(imp=[cut])) == ["imp[0].id"]
    assert faults(request(id="\ud83d")) == ["body"]


def test_the_texts_nan_and_infinity_are_valid_texts() -> None:
    assert read(request(site={"name": "NaN to Infinity"})).site is not None


def test_beyond_the_limit_faults_are_only_counted() -> None:
    body = json.dumps(request(bcat=[{"a": 1}] * 3_000)).encode()
    with pytest.raises(InvalidRequest, match=str(MAX_FAULTS)):
        parse(body)
