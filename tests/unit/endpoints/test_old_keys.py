"""Notices at a process that had no request since before a rotation of the signing key, such as an idle environment."""

from bidder.background_refresh import BackgroundRefreshed, NotRead
from bidder.endpoints.notice import notice
from bidder.endpoints.sender import Sender
from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.token import SigningKeys, sign
from bidder.parameters import DEFAULTS, Reading
from bidder.service.service import Service
from tests.support.campaigns import NOW
from tests.support.service import KEYS, Recorder, service

CLAIMS = encode(Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d1", "USA"))
PAGE = "https://shop.example/"
AFTER = SigningKeys(current="k2", keys={"k1": "A" * 43, "k2": "B" * 43})


def reading(keys: SigningKeys) -> Reading:
    return Reading(DEFAULTS.model_copy(update={"signing_keys": keys}), {})


class Slept:
    """Parameters from before a rotation. The next read of Parameter Store ends in time, unless it `hangs`."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.hangs = hangs
        self.last_value = reading(KEYS)

    def value(self, _patience: float = 0) -> Reading:
        return self.last_value

    def newest(self, _patience: float = 0) -> Reading:
        if self.hangs:
            raise NotRead
        return reading(AFTER)


def status(process: Service, token: str, kind: Kind = Kind.IMPRESSION, **query: str) -> int:
    return notice(process, kind, token, query, Sender(), NOW).status


def test_a_process_that_slept_through_a_rotation_reads_the_keys_again_and_loses_no_event() -> None:
    recorder = Recorder()
    process = service(None, readings=Slept(), publisher=recorder)

    assert status(process, sign(Kind.IMPRESSION, CLAIMS, AFTER)) == 204
    assert status(process, sign(Kind.CLICK, CLAIMS, AFTER, PAGE), Kind.CLICK, u=PAGE) == 302
    assert [event.kind for event in recorder.published] == [Kind.IMPRESSION, Kind.CLICK]


def test_while_its_old_keys_are_not_read_again_a_process_asks_for_the_notice_again() -> None:
    process = service(None, readings=Slept(hangs=True))

    assert status(process, sign(Kind.IMPRESSION, CLAIMS, AFTER)) == 503
    assert status(process, sign(Kind.IMPRESSION, CLAIMS, KEYS)) == 204


def test_forged_keys_cause_one_read_in_a_lifetime() -> None:
    now, reads = [0.0], []

    def read(_: Reading | None) -> Reading:
        reads.append(now[0])
        return reading(KEYS)

    renewed = BackgroundRefreshed("all", read, lambda _: 60, clock=lambda: now[0], start=lambda work: work())
    process = service(None, readings=renewed)
    for second in range(0, 180, 5):
        now[0] = float(second)
        assert status(process, f"k{second + 3}.claims.signature") == 400

    assert reads == [0, 60, 120]
