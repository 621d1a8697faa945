"""The manifest of a snapshot, and the operators' pin and stop switch."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bidder.snapshot.keys import MANIFESTS


class Manifest(BaseModel):
    """The keys of a snapshot's objects. `version` grows with each refresh: milliseconds since 1970 at `at`, or the last
    version plus 1 where the clock is behind the last version.

    `lists` has the keys of the targeted id lists, by name. `revision` is the revision of the campaigns as read, and
    `base_revision` the revision of the index's first object; None in manifests of older code. `pinned` is the version
    whose index an operator pinned, and `pinned_since` the time of the pin. `stopped` stops all bidding.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    version: int
    index: tuple[str, ...]
    delivery: str
    lists: dict[str, str] = Field(default_factory=dict)
    at: AwareDatetime | None = None
    revision: int | None = None
    base_revision: int | None = None
    pinned: int | None = None
    pinned_since: AwareDatetime | None = None
    stopped: bool = False
    campaigns: int = 0
    bidding: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all objects of the snapshot."""
        return (*self.index, self.delivery, *self.lists.values())


class Pin(BaseModel):
    """The version whose index refreshes keep, its manifest, and the time of the pin; `version` None is no pin.

    The bucket deletes manifests after a day, and a pin lasts until an operator ends it. Pins of earlier versions have
    no manifest.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    version: int | None = None
    at: AwareDatetime | None = None
    manifest: Manifest | None = None


class Stop(BaseModel):
    """Whether all bidding is stopped, and the time of the change."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    stopped: bool
    at: AwareDatetime


def manifest_key(version: int) -> str:
    """The key of the manifest of a version."""
    return f"{MANIFESTS}{version:015}.json"
