"""What names a snapshot: the one file that is flipped."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bidder.prebuilt import complete
from bidder.snapshot.keys import MANIFESTS


class Manifest(BaseModel):
    """A snapshot by the keys of its objects. `version` grows with each refresh: milliseconds since 1970 at `at`,
    or the number after the last one where the clock was behind that.

    `lists` are the keys of the lists of ids that its campaigns name, by name. `revision` is that of the campaigns when
    they were read, and `base_revision` that of the index's first object; None where older code wrote the manifest.
    `pinned` is the version whose index this one took over, if somebody asked so, and `pinned_since` when.
    `stopped` has nobody bid, whatever the campaigns are.
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
        """The keys of all its objects."""
        return (*self.index, self.delivery, *self.lists.values())


complete(Manifest)


class Pin(BaseModel):
    """The version whose index refreshes are to keep, and since when; None lets them go on."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    version: int | None = None
    at: AwareDatetime | None = None


class Stop(BaseModel):
    """Whether all bidding is stopped, and since when."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    stopped: bool
    at: AwareDatetime


def manifest_key(version: int) -> str:
    """Where the manifest of a version stays, for as long as old ones are kept."""
    return f"{MANIFESTS}{version:015}.json"
