"""`python -m bidder parameters …`: what steers the bidder, looked at and changed without showing secrets."""

import sys
from typing import TYPE_CHECKING

from bidder import aws
from bidder.aws.parameter_copy import longest_delay
from bidder.aws.path import under_path
from bidder.cli.environment import target
from bidder.cli.table import table
from bidder.parameters import DEFAULTS, NAMES, SECRETS, Reading, read
from bidder.service.service import Service

if TYPE_CHECKING:
    from mypy_boto3_ssm.literals import ParameterTypeType

_UNITS = {
    "snapshot-check-interval": "s",
    "snapshot-warn-age": "s",
    "snapshot-hard-age": "s",
    "network-allowance": "ms",
    "parameter-lifetime": "s",
}


class BadParameter(ValueError):
    """A parameter has, or would have, a value that can't be used; the message says which and why."""


def list_parameters(service: Service) -> None:
    """Prints each parameter, its value and its default; of a secret only whether it is there."""
    path, values = service.settings.parameters, _stored(service)
    rows = [(f"{path}/{name}", _shown(name, values), _default(name), _UNITS.get(name, "")) for name in NAMES]
    print(table(("parameter", "value", "default", "unit"), rows, left=4))
    for name in sorted(values.keys() - set(NAMES)):
        print(f"{path}/{name} is no parameter that this version reads")
    _print_wrong(service, read(values))


def check(service: Service) -> None:
    """Prints what is wrong with the parameters as they are stored. Raises BadParameter where anything is."""
    reading = read(_stored(service))
    if reading.wrong:
        _print_wrong(service, reading)
        msg = "running processes keep their last good parameters, all of them; new ones do without those above"
        raise BadParameter(msg)
    print(f"all parameters under {service.settings.parameters} can be used ({target()})")


def change(service: Service, name: str, value: str) -> None:
    """Stores a parameter, unless it would be wrong by itself or beside the others. Raises BadParameter.

    `-` reads the value from standard input, so that a secret stays out of the shell's history.
    """
    if name not in NAMES:
        msg = f"{name} is no parameter; they are {', '.join(NAMES)}"
        raise BadParameter(msg)
    value = sys.stdin.read().strip() if value == "-" else value
    stored = _stored(service)
    reading = read({**stored, name: value})
    if name in reading.wrong:
        msg = f"{name}: {reading.wrong[name]}. Nothing was changed"
        raise BadParameter(msg)
    kind: ParameterTypeType = "SecureString" if name in SECRETS else "String"
    path = f"{service.settings.parameters}/{name}"
    aws.client("ssm").put_parameter(Name=path, Value=value, Type=kind, Overwrite=True)
    wait = read(stored).parameters.parameter_lifetime
    print(
        f"{path} is changed ({target()}); every process has it with its first request after {longest_delay(wait):.0f} s"
    )
    _print_wrong(service, reading)


def _stored(service: Service) -> dict[str, str]:
    return under_path(aws.client("ssm"), service.settings.parameters, secrets=True)


def _print_wrong(service: Service, reading: Reading) -> None:
    for name, why in sorted(reading.wrong.items()):
        print(f"wrong: {service.settings.parameters}/{name}: {why}", file=sys.stderr)


def _shown(name: str, values: dict[str, str]) -> str:
    if name in SECRETS:
        return "set" if name in values else "not set"
    return values.get(name, "")


def _default(name: str) -> str:
    value = None if name in SECRETS else getattr(DEFAULTS, name.replace("-", "_"))
    return f"{value:g}" if isinstance(value, int | float) else ""
