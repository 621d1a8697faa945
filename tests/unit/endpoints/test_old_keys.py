"""Notices at a process that had no request since before a rotation of the signing key, as idle environments of Lambda."""

from bidder.background_refresh import BackgroundRefreshed
from bidder.endpoints.notice import notice
from bidder.endpoints.sender import Sender
from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.token import SigningKeys, sign
from bidder.parameters import DEFAULTS, Reading
from tests.support.campaigns import NOW
from tests.support.service import KEYS, Recorder, service

CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d1", "USA")
PAGE = "https://shop.example/"


class Slept:
    """A process with the keys from before a rotation. Parameter Store has the keys after it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.now, self.reads = 0.0, 0
        self.after = SigningKeys(current="k2", keys={"k1": "A" * 43, "k2": "B" * 43})
        self.stored = KEYS
        self.recorder = Recorder()
        renewed = BackgroundRefreshed(
            "all", self.read, lambda _: 60, clock=lambda: self.now, start=lambda work: work() if not fails else None
        )
        self.service = service(None, renewed=renewed, publisher=self.recorder)
        renewed.value()
        self.stored = self.after

    def read(self, _: Reading | None) -> Reading:
        self.reads += 1
        return Reading(DEFAULTS.model_copy(update={"signing_keys": self.stored}), {})

    def status(self, token: str, kind: Kind = Kind.IMPRESSION, **query: str) -> int:
        return notice(self.service, kind, token, query, Sender(), NOW).status


def test_a_process_that_slept_through_a_rotation_reads_the_keys_again_and_loses_no_event() -> None:
    slept = Slept()
    slept.now = 1800

    assert slept.status(sign(Kind.IMPRESSION, encode(CLAIMS), slept.after)) == 204
    assert (
        slept.status(
            sign(Kind.CLICK, encode(CLAIMS), slept.after, PAGE),
            Kind.CLICK,
            u=PAGE,
        )
        == 302
    )
    assert [event.kind for event in slept.recorder.published] == [Kind.IMPRESSION, Kind.CLICK]


def test_while_its_old_keys_are_not_read_again_a_process_asks_for_the_notice_again() -> None:
    slept = Slept(fails=True)
    slept.now = 1800

    assert slept.status(sign(Kind.IMPRESSION, encode(CLAIMS), slept.after)) == 503
    assert slept.status(sign(Kind.IMPRESSION, encode(CLAIMS), KEYS)) == 204


def test_forged_keys_cause_no_read_of_current_keys() -> None:
    slept = Slept()
    slept.now = 1800
    for number in range(50):
        assert slept.status(f"k{number + 3}.claims.signature") == 400

    assert slept.reads == 2
