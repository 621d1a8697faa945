"""The settings of the deployment hooks, read from environment variables."""

import os
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "BIDDER_ROLLOUT_"


class RolloutSettings(BaseModel):
    """One field for each environment variable: `new_version` is `BIDDER_ROLLOUT_NEW_VERSION`."""

    model_config = ConfigDict(frozen=True)

    function: str = Field(min_length=1)
    """The name of the bid function."""
    alias: str = Field(default="live", min_length=1)
    new_version: str = Field(pattern=r"(^|:)[0-9]+$")
    """The number of the new version, or its ARN."""
    expected_changes: str = ""
    """The fields of answers that this deployment changes on purpose, separated by commas, such as `price,adm`."""
    alarms: str = ""
    """The names of the alarms that roll the new version back, separated by commas."""
    settling: float = Field(default=180, ge=0)
    """Seconds between the shift of all traffic and the check: processes log their answers once a minute."""

    @property
    def version(self) -> str:
        """The number of the new version."""
        return self.new_version.rpartition(":")[2]


def rollout_settings(environ: Mapping[str, str] = os.environ) -> RolloutSettings:
    """The settings of an environment. Raises pydantic's ValidationError."""
    names = RolloutSettings.model_fields
    return RolloutSettings.model_validate(
        {name: environ[PREFIX + name.upper()] for name in names if environ.get(PREFIX + name.upper())}
    )


def names(text: str) -> frozenset[str]:
    """The entries of a text that commas separate."""
    return frozenset(filter(None, (entry.strip() for entry in text.split(","))))
