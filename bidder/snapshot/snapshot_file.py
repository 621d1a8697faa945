"""A snapshot in one file, for a later replay: a zip of the manifest and the objects by key."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from pydantic import ValidationError

from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery_state import load_delivery
from bidder.snapshot.id_lists import IdList
from bidder.snapshot.index import Index
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot import Snapshot

_MANIFEST = "manifest.json"


def save(path: Path, manifest: Manifest, objects: Mapping[str, bytes]) -> None:
    """Writes a snapshot file atomically. Raises OSError."""
    part = path.with_name(path.name + ".part")
    with ZipFile(part, "w") as file:
        file.writestr(_MANIFEST, manifest.model_dump_json(exclude_defaults=True))
        for key, data in objects.items():
            file.writestr(key, data)
    part.replace(path)


def load_saved(path: Path) -> Snapshot:
    """Reads the snapshot of a file that `save` wrote. Raises BadSnapshot, OSError."""
    try:
        with ZipFile(path) as file:
            manifest = Manifest.model_validate_json(file.read(_MANIFEST))
            index = Index.load([file.read(key) for key in manifest.index])
            lists = {name: IdList(file.read(key)) for name, key in manifest.lists.items()}
            delivery = load_delivery(file.read(manifest.delivery), index)
            return Snapshot(manifest.version, index, delivery, lists, manifest.pinned, manifest.pinned_since)
    except (BadZipFile, KeyError, ValidationError) as error:
        msg = f"{path} is not a saved snapshot: {error}"
        raise BadSnapshot(msg) from None
