"""The rotation of the signing key in three steps, during which every issued token stays valid.

Step 1 adds the new key, and every process verifies by it. Step 2 signs by the new key. Step 3 drops the old keys, after
all of their tokens have expired. The key added last is the last of the set.

The key of the viewers' pseudonyms does not change, so frequency caps continue through a rotation.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from bidder.events.claims import CLOCK_SKEW
from bidder.events.token import SigningKeys

OLD_KEY_RETENTION = timedelta(days=1)
"""The time that a key which no longer signs is kept: longer than the lifetime of any token."""

_NUMBERED = re.compile(r"k(\d{1,6})")


class RotationStep(StrEnum):
    """A step of a rotation."""

    ADD = "add a key"
    SIGN = "sign by the new key"
    DROP = "drop the old keys"


def next_step(keys: SigningKeys) -> RotationStep:
    """The next step of the rotation."""
    newest_id = list(keys.keys)[-1]
    if newest_id != keys.current:
        return RotationStep.SIGN
    return RotationStep.DROP if len(keys.keys) > 1 else RotationStep.ADD


def due_at(keys: SigningKeys, changed_at: datetime, parameter_lifetime: timedelta) -> datetime:
    """The earliest time of the next step, for keys that were last changed at `changed_at`.

    After `parameter_lifetime` every process has read the new keys; a margin covers clocks that are behind.
    """
    distributed_at = changed_at + parameter_lifetime + CLOCK_SKEW
    step = next_step(keys)
    if step is RotationStep.ADD:
        return changed_at
    return distributed_at if step is RotationStep.SIGN else distributed_at + OLD_KEY_RETENTION


def apply_step(keys: SigningKeys, step: RotationStep, secret: str) -> SigningKeys:
    """The keys after a step. `secret` is the new key of the first step, base64url."""
    viewers = keys.viewers or keys.keys[keys.current]
    if step is RotationStep.ADD:
        return SigningKeys(current=keys.current, keys={**keys.keys, _new_id(keys): secret}, viewers=viewers)
    newest_id = list(keys.keys)[-1]
    if step is RotationStep.SIGN:
        return SigningKeys(current=newest_id, keys=keys.keys, viewers=viewers)
    return SigningKeys(current=newest_id, keys={newest_id: keys.keys[newest_id]}, viewers=viewers)


def find_dropped_keys(old_keys: SigningKeys, new_keys: SigningKeys) -> list[str]:
    """The ids of the dropped keys whose issued tokens could no longer be verified."""
    return [key_id for key_id in old_keys.keys if new_keys.secret(key_id) != old_keys.secret(key_id)]


def _new_id(keys: SigningKeys) -> str:
    numbers = [int(match[1]) for key_id in keys.keys if (match := _NUMBERED.fullmatch(key_id))]
    return f"k{max(numbers, default=0) + 1}"
