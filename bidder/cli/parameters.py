"""`bidder parameters`: prints, checks and changes the parameters, without showing secrets."""

from typing import TYPE_CHECKING

from bidder import aws
from bidder.aws.parameter_copy import longest_delay
from bidder.aws.path import under_path
from bidder.cli.environment import target
from bidder.cli.output import print_json, print_table, warn
from bidder.errors import UserError, shown
from bidder.events.key_rotation import find_dropped_keys
from bidder.files.mistakes import nearest, quote_value
from bidder.files.opened import STANDARD_INPUT, read_text
from bidder.parameters import DEFAULTS, NAMES, SECRETS, Reading, read
from bidder.service.service import Service

if TYPE_CHECKING:
    from mypy_boto3_ssm.literals import ParameterTypeType

_UNREAD = "not a parameter that this version reads"
_UNITS = {
    "import-warn-cpm": "USD",
    "snapshot-check-interval": "s",
    "snapshot-warn-age": "s",
    "snapshot-hard-age": "s",
    "network-allowance": "ms",
    "parameter-lifetime": "s",
    "frequency-deadline": "ms",
    "most-exp": "s",
    "currency-rates": "USD",
}


class BadParameter(UserError, ValueError):
    """A parameter has, or would get, an invalid value; the message has its name and the reason."""


def list_parameters(service: Service, *, as_json: bool) -> None:
    """Prints each parameter with its value and its default. A secret only shows whether it is set."""
    path, values = service.settings.parameters, _read_stored(service)
    mistake = read(values).wrong
    if as_json:
        unread = sorted(values.keys() - set(NAMES))
        records = [_record(name, values, mistake.get(name)) for name in NAMES]
        print_json([*records, *({"parameter": name, "is_set": True, "wrong": _UNREAD} for name in unread)])
        return
    rows = [(f"{path}/{name}", _display(name, values), _default(name), _UNITS.get(name, "")) for name in NAMES]
    print_table(("parameter", "value", "default", "unit"), rows, left_aligned=4)
    for name in sorted(values.keys() - set(NAMES)):
        print(f"{path}/{name} is {_UNREAD}")
    _print_wrong(service, read(values))


def print_parameter(service: Service, name: str, *, reveal: bool, as_json: bool) -> None:
    """Prints a parameter's value, or its default if none is stored; a secret only with `reveal`.

    Raises BadParameter.
    """
    _require_known(name)
    values = _read_stored(service)
    if name in SECRETS and not reveal:
        msg = f"{name} is {_display(name, values)}; --reveal prints it"
        raise BadParameter(msg)
    if as_json:
        print_json(_record(name, values, read(values).wrong.get(name)) | {"value": values.get(name)})
        return
    if name not in values and not _default(name):
        msg = f"{name} is not set, and has no default"
        raise BadParameter(msg)
    print(values.get(name, _default(name)))


def check(service: Service) -> None:
    """Prints the faults of the stored parameters. Raises BadParameter if there are any."""
    reading = read(_read_stored(service))
    if reading.wrong:
        _print_wrong(service, reading)
        msg = "running processes keep all their last valid parameters; new processes ignore those above"
        raise BadParameter(msg)
    print(f"all parameters under {service.settings.parameters} can be used ({target()})")


def change(service: Service, name: str, value: str, *, force: bool = False) -> None:
    """Stores a parameter if its value is valid, alone and together with the other parameters. Raises BadParameter.

    `-` reads the value from standard input, so that a secret stays out of the shell's history. Signing keys are only
    replaced by a set that keeps those there are, or by `force`.
    """
    _require_known(name)
    value = read_text(value).strip() if value == STANDARD_INPUT else value
    stored = _read_stored(service)
    reading = read({**stored, name: value})
    if name in reading.wrong:
        value_text = "" if name in SECRETS else f"{quote_value(value)}: "
        msg = f"{name}: {value_text}{reading.wrong[name]}. Nothing was changed"
        raise BadParameter(msg)
    before, after = read(stored).parameters.signing_keys, reading.parameters.signing_keys
    if name == "signing-keys" and before and after and not force and (dropped := find_dropped_keys(before, after)):
        msg = (
            f"signing-keys: {', '.join(dropped)} would be removed: impressions of all bids in flight would be lost. "
            "`bidder keys rotate` replaces a key step by step; --force does it at once. Nothing was changed"
        )
        raise BadParameter(msg)
    put_parameter(service, name, value)
    path, wait = f"{service.settings.parameters}/{name}", longest_delay(read(stored).parameters.parameter_lifetime)
    print(f"{path} is changed ({target()}); every process has it with its first request after {wait:.0f} s")
    _print_wrong(service, reading)


def put_parameter(service: Service, name: str, value: str) -> None:
    """Stores a parameter as it is; a secret encrypted."""
    kind: ParameterTypeType = "SecureString" if name in SECRETS else "String"
    path = f"{service.settings.parameters}/{name}"
    aws.client("ssm").put_parameter(Name=path, Value=value, Type=kind, Overwrite=True)


def _require_known(name: str) -> None:
    if name not in NAMES:
        meant = nearest(name, NAMES)
        advice = f"; did you mean {meant}?" if meant else ""
        msg = f"{shown(name)} is not a parameter; they are {', '.join(NAMES)}{advice}"
        raise BadParameter(msg)


def _record(name: str, values: dict[str, str], wrong: str | None) -> dict[str, object]:
    secret = name in SECRETS
    return {
        "parameter": name,
        "value": None if secret else values.get(name),
        "is_set": name in values,
        "is_secret": secret,
        "default": _default(name) or None,
        "unit": _UNITS.get(name),
        "wrong": wrong,
    }


def _read_stored(service: Service) -> dict[str, str]:
    return under_path(aws.client("ssm"), service.settings.parameters, secrets=True)


def _print_wrong(service: Service, reading: Reading) -> None:
    for name, reason in sorted(reading.wrong.items()):
        warn(f"{service.settings.parameters}/{name}: {reason}")


def _display(name: str, values: dict[str, str]) -> str:
    if name in SECRETS:
        return "set" if name in values else "not set"
    return values.get(name, "")


def _default(name: str) -> str:
    value = None if name in SECRETS else getattr(DEFAULTS, name.replace("-", "_"))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, int | float) else ""
