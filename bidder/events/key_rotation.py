"""Replacing the signing key in three steps, so that no token that is out stops counting.

First the new key is added: every process learns to verify by it. Then it signs. Then the old one is dropped, once all
that it signed has expired. The key that was added last is the last of the set.

The key of viewers' names does not change with the signing key: frequency caps go on counting through a rotation.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from bidder.events.claims import CLOCK_SKEW
from bidder.events.token import SigningKeys

OLD_KEY_KEPT = timedelta(days=1)
"""How long a key that no longer signs is kept: longer than any token counts."""

_NUMBERED = re.compile(r"k(\d{1,6})")


class Step(StrEnum):
    """A step of a rotation."""

    ADD = "add a key"
    SIGN = "sign by the new key"
    DROP = "drop the old keys"


def next_step(keys: SigningKeys) -> Step:
    """The step that comes next."""
    newest = list(keys.keys)[-1]
    if newest != keys.current:
        return Step.SIGN
    return Step.DROP if len(keys.keys) > 1 else Step.ADD


def due_at(keys: SigningKeys, changed_at: datetime, parameter_lifetime: timedelta) -> datetime:
    """When the next step may be made, of keys that were last changed at `changed_at`.

    Every process has read the keys anew after `parameter_lifetime`, and one whose clock is behind a little later.
    """
    known_everywhere = changed_at + parameter_lifetime + CLOCK_SKEW
    step = next_step(keys)
    if step is Step.ADD:
        return changed_at
    return known_everywhere if step is Step.SIGN else known_everywhere + OLD_KEY_KEPT


def after_step(keys: SigningKeys, step: Step, secret: str) -> SigningKeys:
    """The keys once a step is made; `secret` is the new key, base64url, of the step that adds one."""
    viewers = keys.viewers or keys.keys[keys.current]
    if step is Step.ADD:
        return SigningKeys(current=keys.current, keys={**keys.keys, _new_id(keys): secret}, viewers=viewers)
    newest = list(keys.keys)[-1]
    if step is Step.SIGN:
        return SigningKeys(current=newest, keys=keys.keys, viewers=viewers)
    return SigningKeys(current=newest, keys={newest: keys.keys[newest]}, viewers=viewers)


def dropped(before: SigningKeys, after: SigningKeys) -> list[str]:
    """The ids of the keys by which tokens that are out could no longer be verified."""
    return [key_id for key_id in before.keys if after.secret(key_id) != before.secret(key_id)]


def _new_id(keys: SigningKeys) -> str:
    numbers = [int(match[1]) for key_id in keys.keys if (match := _NUMBERED.fullmatch(key_id))]
    return f"k{max(numbers, default=0) + 1}"
