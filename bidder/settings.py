"""Where things are, and who we are: read from the environment, checked once. What steers is in `bidder.parameters`."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bidder.errors import UserError
from bidder.prebuilt import complete
from bidder.url_names import LONGEST_BASE

PREFIX = "BIDDER_"


class InvalidSettings(UserError, RuntimeError):
    """The environment lacks a setting, or holds a bad one; the message names each variable."""


class Settings(BaseModel):
    """One field for each environment variable: `campaigns_table` is `BIDDER_CAMPAIGNS_TABLE`.

    The stack sets them in Lambda; on a laptop they stand in `.local/env`.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    campaigns_table: str = Field(min_length=1)
    history_table: str = Field(min_length=1)
    ledger_table: str = Field(min_length=1)
    learning_table: str = Field(min_length=1)
    frequency_table: str = Field(min_length=1)
    snapshot_bucket: str = Field(min_length=1)
    creative_bucket: str = Field(min_length=1)
    archive_bucket: str = Field(min_length=1)
    events_topic: str = Field(pattern=r"^arn:[^:]+:sns:")
    notices_queue: str = Field(pattern=r"^https?://[^/\s]+/\S+$")
    """The URL of the queue for events that SNS did not take."""
    refresh_topic: str = Field(pattern=r"^arn:[^:]+:sns:")
    parameters: str = Field(default="/bidder", pattern=r"^/[A-Za-z0-9_.\-/]*[A-Za-z0-9_.\-]$")
    """The path of the parameters."""
    parameters_key: str | None = Field(default=None, min_length=1)
    """The ARN of the KMS key that the copy of the parameters in S3 is encrypted with; without it there is no copy."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[!-.0-~]+(/[!-~]*)?$", max_length=LONGEST_BASE)
    """Base of the event URLs; without it, the address that the request came to."""
    upload_bucket: str | None = None
    """The bucket that videos are uploaded to; None without the stack of creatives."""
    upload_topic: str | None = None
    """The topic that S3 tells of uploads."""
    creatives_table: str | None = None
    """The table of creatives' jobs."""
    media_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+(/\S*)?$")
    """Base that relative creative URLs are resolved against when campaigns are imported."""
    demo: Literal["off", "page", "full"] = "off"
    """Whether there is a GET /demo; `full` has it show anyone why a bid was made, and what campaigns have spent."""
    demo_players: str | None = None
    """The folder of players.js and players.css, players of others for the demo; None where there are none."""
    seat: str = Field(default="bidder", min_length=1)
    """The buyer seat that bids carry, and that `wseat` and `bseat` are compared with."""


complete(Settings)


def read(environ: Mapping[str, str]) -> Settings:
    """Settings out of an environment; an empty variable counts as absent. Raises InvalidSettings."""
    given = {name: value for name in Settings.model_fields if (value := environ.get(PREFIX + name.upper(), "").strip())}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        msg = f"bad settings: {wrong}. The stack's outputs have the right values; `make run` writes them to .local/env"
        raise InvalidSettings(msg) from None


@cache
def settings() -> Settings:
    """This process's settings."""
    return read(os.environ)
