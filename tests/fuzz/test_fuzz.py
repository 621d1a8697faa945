"""A small fuzz run in every test run. `python -m tests.fuzz.run` is the long one, which also measures times."""

from tests.fuzz import tags
from tests.fuzz.hostile import BODIES
from tests.fuzz.mutate import call
from tests.fuzz.run import run

COUNT = 2_000


def test_no_mutated_request_gets_a_5xx_raises_or_is_logged_as_a_fault() -> None:
    outcome = run(COUNT, seed=1)

    assert outcome.wrong == []
    assert sum(outcome.statuses.values()) == COUNT
    # many mutated requests still pass the parser
    assert outcome.bids > COUNT / 10
    assert outcome.statuses[204] > COUNT / 40


def test_no_mutated_tag_gets_a_5xx_raises_is_logged_as_a_fault_or_lacks_cors() -> None:
    outcome = tags.run(COUNT, seed=1)

    assert outcome.wrong == []
    assert outcome.ads > COUNT / 10
    assert outcome.statuses[400] > COUNT / 10


def test_the_same_seed_and_number_give_the_same_call() -> None:
    assert [call(1, number) for number in range(50)] == [call(1, number) for number in range(50)]
    assert call(1, 0) != call(2, 0)


def test_each_hostile_body_has_the_size_and_content_that_it_is_named_for() -> None:
    assert all(len(body) > 1000 for name, body in BODIES.items() if name != "a plain request")
