"""A small fuzz run with every test run; the long one, with its times, is `python -m tests.fuzz.run`."""

from tests.fuzz import tags
from tests.fuzz.hostile import BODIES
from tests.fuzz.mutate import call
from tests.fuzz.run import run

COUNT = 2_000


def test_no_mutated_request_gets_a_5xx_raises_or_is_logged_as_a_fault() -> None:
    outcome = run(COUNT, seed=1)

    assert outcome.wrong == []
    assert sum(outcome.statuses.values()) == COUNT
    # and the requests are not so broken that nothing but the parser sees them
    assert outcome.bids > COUNT / 10
    assert outcome.statuses[204] > COUNT / 40


def test_no_mutated_tag_gets_a_5xx_raises_is_logged_as_a_fault_or_lacks_cors() -> None:
    outcome = tags.run(COUNT, seed=1)

    assert outcome.wrong == []
    assert outcome.ads > COUNT / 10
    assert outcome.statuses[400] > COUNT / 10


def test_the_same_number_is_the_same_call() -> None:
    assert [call(1, number) for number in range(50)] == [call(1, number) for number in range(50)]
    assert call(1, 0) != call(2, 0)


def test_the_hostile_bodies_are_what_they_say() -> None:
    assert all(len(body) > 1000 for name, body in BODIES.items() if name != "a plain request")
