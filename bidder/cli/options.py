"""The options of commands for a snapshot and a time."""

from datetime import datetime
from pathlib import Path

from bidder.cli.times import FIRST_YEAR, LAST_YEAR, is_in_range
from bidder.errors import UserError
from bidder.service.service import Service
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.snapshot_file import load_saved, save

CURRENT = "current"


class BadCall(UserError, ValueError):
    """The options of a command are invalid; the message has the reason."""

    exit_status = 2


class NoSnapshot(UserError, LookupError):
    """No snapshot was published yet; the message shows how to publish one."""


def moment(text: str) -> datetime:
    """The time of `--at`. Raises BadCall."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        msg = f"--at {text} is no ISO 8601 time such as 2026-11-23T12:00:00Z"
        raise BadCall(msg) from None
    if at.tzinfo is None:
        msg = f"--at {text} needs a time zone, such as 2026-11-23T12:00:00Z"
        raise BadCall(msg)
    if not is_in_range(at):
        msg = f"--at {text} is not between the years {FIRST_YEAR} and {LAST_YEAR}"
        raise BadCall(msg)
    return at


def _manifest(service: Service, name: str) -> Manifest | None:
    """The manifest of a version in S3 or of the current snapshot; None for the name of a file."""
    if name.isdecimal():
        return service.store.manifest(int(name))
    current = service.store.current() if name == CURRENT else None
    if name == CURRENT and current is None:
        msg = "no snapshot is published; `bidder refresh` requests one"
        raise NoSnapshot(msg)
    return current


def load_snapshot(service: Service, name: str, keep: Path | None = None) -> Snapshot:
    """A snapshot in S3, by version or the current one, or in a file. `keep` is a path to save a snapshot of S3 to.

    Raises BadCall, NoSnapshot, UnknownVersion, BadSnapshot, OSError.
    """
    manifest = _manifest(service, name)
    if manifest is None and keep is not None:
        msg = f"--save keeps a snapshot of S3; {name} is a file already"
        raise BadCall(msg)
    if manifest is None:
        return load_saved(Path(name))
    if keep is not None:
        save(keep, manifest, service.store.objects(manifest))
    return service.store.snapshot(manifest)
