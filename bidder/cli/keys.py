"""`bidder keys`: rotates the signing key in three steps, and prints the next step."""

import secrets
from datetime import UTC, datetime, timedelta

from bidder import aws
from bidder.aws.parameter_copy import longest_delay
from bidder.cli.output import print_json, print_table
from bidder.cli.parameters import BadParameter, put_parameter
from bidder.errors import UserError
from bidder.events.key_rotation import RotationStep, apply_step, due_at, next_step
from bidder.events.token import SigningKeys
from bidder.parameters import MAX_LIFETIME, read
from bidder.service.service import Service

_SIGNING_KEYS = "signing-keys"
_SECRET_BYTES = 32


class NotYet(UserError, RuntimeError):
    """The next step of a rotation would lose events; the message has the earliest time without loss."""


def print_status(service: Service, *, as_json: bool, now: datetime | None = None) -> None:
    """Prints the ids of the signing keys, and the next step of a rotation with its earliest time."""
    keys, changed_at = _read_keys(service)
    step, due = next_step(keys), _due(keys, changed_at)
    if as_json:
        ids = [{"id": key_id, "signs": key_id == keys.current} for key_id in keys.keys]
        print_json({"keys": ids, "changed_at": changed_at.isoformat(), "next_step": step, "due_at": due.isoformat()})
        return
    print_table(("key", ""), [(key_id, "signs" if key_id == keys.current else "verifies") for key_id in keys.keys], 2)
    when = "now" if due <= (now or datetime.now(UTC)) else f"from {due:%Y-%m-%d %H:%M:%S} UTC on"
    print(f"next: `bidder keys rotate` would {step}, {when}")


def rotate(service: Service, *, force: bool, now: datetime | None = None) -> None:
    """Makes the next step of a rotation. Raises NotYet if the step is too early and not forced."""
    keys, changed_at = _read_keys(service)
    step, due = next_step(keys), _due(keys, changed_at)
    if due > (now or datetime.now(UTC)) and not force:
        msg = f"to {step} now would lose events of bids in flight: wait until {due:%Y-%m-%d %H:%M:%S} UTC"
        raise NotYet(msg)
    changed = apply_step(keys, step, secrets.token_urlsafe(_SECRET_BYTES))
    put_parameter(service, _SIGNING_KEYS, changed.model_dump_json())
    done = {
        RotationStep.ADD: f"{list(changed.keys)[-1]} is added; {changed.current} signs until every process knows it",
        RotationStep.SIGN: f"{changed.current} signs; the others verify what they signed",
        RotationStep.DROP: f"{changed.current} is the one key",
    }
    print(done[step])
    next_rotation_step = next_step(changed)
    if next_rotation_step is not RotationStep.ADD:
        due = _due(changed, now or datetime.now(UTC))
        print(f"next: `bidder keys rotate` again, to {next_rotation_step}, from {due:%Y-%m-%d %H:%M:%S} UTC on")


def _due(keys: SigningKeys, changed_at: datetime) -> datetime:
    return due_at(keys, changed_at, timedelta(seconds=longest_delay(MAX_LIFETIME)))


def _read_keys(service: Service) -> tuple[SigningKeys, datetime]:
    """The stored keys, and the time of their last change. Raises BadParameter if there are no usable keys.

    They are read from Parameter Store: the copy in S3 can have the keys from before the last step.
    """
    name = f"{service.settings.parameters}/{_SIGNING_KEYS}"
    stored = aws.client("ssm").get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    reading = read({_SIGNING_KEYS: stored[0]["Value"]} if stored else {})
    keys = reading.parameters.signing_keys
    if keys is None:
        msg = f"{name}: {reading.wrong[_SIGNING_KEYS]}"
        raise BadParameter(msg)
    return keys, stored[0]["LastModifiedDate"].astimezone(UTC)
