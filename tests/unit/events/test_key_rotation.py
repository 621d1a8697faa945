"""Rotation of the signing key: every process can verify every valid token at any time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.claims import GRACE
from bidder.events.key_rotation import OLD_KEY_RETENTION, RotationStep, apply_step, due_at, find_dropped_keys, next_step
from bidder.events.token import SigningKeys
from bidder.parameters import Parameters
from tests.support.campaigns import NOW

FIRST = SigningKeys(current="k1", keys={"k1": "A" * 43})
PARAMETERS_LIVE = timedelta(minutes=10)


@given(
    st.lists(st.integers(0, 10_000), min_size=6, max_size=6),
    st.lists(st.integers(0, int(PARAMETERS_LIVE.total_seconds())), min_size=7, max_size=7),
    st.integers(0, 300_000),
    st.integers(0, int(OLD_KEY_RETENTION.total_seconds())),
    st.integers(0, 6),
    st.integers(0, 6),
)
def test_every_process_verifies_the_tokens_of_every_other_for_their_lifetime(
    waits: list[int], ages: list[int], signed_at: int, age: int, signer: int, verifier: int
) -> None:
    """Two rotations with each step at its earliest time or later. Processes read changes up to a lifetime late."""
    changes = [(NOW, FIRST)]
    for number, wait in enumerate(waits):
        changed_at, keys = changes[-1]
        at = due_at(keys, changed_at, PARAMETERS_LIVE) + timedelta(seconds=wait)
        changes.append((at, apply_step(keys, next_step(keys), f"{'BCDEFG'[number]}" * 43)))

    def keys_at(at: float, lag: int) -> SigningKeys:
        return [keys for since, keys in changes if since == NOW or (at - (since - NOW).total_seconds()) >= lag][-1]

    by = keys_at(signed_at, ages[signer])
    verifying = keys_at(signed_at + age, ages[verifier])

    assert verifying.secret(by.current) == by.secret(by.current)
    assert len(changes[-1][1].keys) == 1


def test_the_steps_are_add_sign_drop() -> None:
    steps, keys = [], FIRST
    for _ in range(3):
        steps.append(next_step(keys))
        keys = apply_step(keys, steps[-1], "B" * 43)

    assert steps == [RotationStep.ADD, RotationStep.SIGN, RotationStep.DROP]
    assert keys == SigningKeys(current="k2", keys={"k2": "B" * 43}, viewers=FIRST.keys[FIRST.current])
    assert apply_step(keys, RotationStep.ADD, "C" * 43).keys == {"k2": "B" * 43, "k3": "C" * 43}


@pytest.mark.parametrize(
    ("after", "ids"),
    [
        (SigningKeys(current="k2", keys={"k1": "A" * 43, "k2": "B" * 43}), []),
        (SigningKeys(current="k2", keys={"k2": "B" * 43}), ["k1"]),
        (SigningKeys(current="k1", keys={"k1": "B" * 43}), ["k1"]),
    ],
)
def test_a_missing_or_replaced_key_counts_as_dropped(after: SigningKeys, ids: list[str]) -> None:
    assert find_dropped_keys(FIRST, after) == ids


def test_an_old_key_is_kept_longer_than_the_lifetime_of_any_token() -> None:
    [longest] = [entry.le for entry in Parameters.model_fields["most_exp"].metadata if hasattr(entry, "le")]

    assert timedelta(seconds=longest) + GRACE < OLD_KEY_RETENTION


def test_of_three_keys_the_newest_signs_and_stays() -> None:
    three = SigningKeys(current="k1", keys={"k1": "A" * 43, "k2": "B" * 43, "k3": "C" * 43})

    assert apply_step(three, RotationStep.SIGN, "").current == "k3"
    assert apply_step(three, RotationStep.DROP, "").keys == {"k3": "C" * 43}
