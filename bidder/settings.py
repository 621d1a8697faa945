"""The settings of a process: names of AWS resources and the buyer seat, read once from environment variables.

Values that may change while the bidder runs are parameters: see `bidder.parameters`.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bidder.errors import UserError
from bidder.url_names import LONGEST_BASE

Model = TypeVar("Model", bound=BaseModel)

PREFIX = "BIDDER_"


class InvalidSettings(UserError, RuntimeError):
    """An environment variable is missing or invalid; the message names each such variable."""


class Settings(BaseModel):
    """One field for each environment variable: `campaigns_table` is `BIDDER_CAMPAIGNS_TABLE`.

    The stack sets the variables in Lambda; on a laptop they are in `.local/env`.
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
    """The URL of the SQS fallback queue for events that SNS did not accept."""
    refresh_topic: str = Field(pattern=r"^arn:[^:]+:sns:")
    parameters: str = Field(default="/bidder", pattern=r"^/[A-Za-z0-9_.\-/]*[A-Za-z0-9_.\-]$")
    """The path of the parameters in Parameter Store."""
    metrics_namespace: str = Field(default="bidder", min_length=1)
    """The CloudWatch namespace of metrics, which `bidder.log` reads before there are settings."""
    parameters_key: str | None = Field(default=None, min_length=1)
    """The ARN of the KMS key that encrypts the copy of the parameters in S3. Without it there is no copy."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[!-.0-~]+(/[!-~]*)?$", max_length=LONGEST_BASE)
    """The base of event URLs. Without it, the base is the address at which the request arrived."""
    upload_bucket: str | None = None
    """The bucket for uploads of videos; None without the stack of creatives."""
    upload_topic: str | None = None
    """The SNS topic to which S3 reports uploads."""
    creatives_table: str | None = None
    """The table of transcoding jobs."""
    media_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+(/\S*)?$")
    """The base against which an import of campaigns resolves relative media URLs."""
    demo: Literal["off", "page", "full"] = "off"
    """Whether there is a GET /demo. With `full` it shows everyone the explanation of a bid and the spend of campaigns.
    """
    demo_players: str | None = None
    """The folder of players.js and players.css, for the demo; None without players of others."""
    seat: str = Field(default="bidder", min_length=1)
    """The buyer seat of all bids, which `wseat` and `bseat` of a request allow or block."""


def read(environ: Mapping[str, str]) -> Settings:
    """The settings of an environment. An empty variable counts as absent. Raises InvalidSettings."""
    advice = ". The stack's outputs have the right values; `make run` writes them to .local/env"
    return from_environment(Settings, environ, advice)


def from_environment(model: type[Model], environ: Mapping[str, str], advice: str = "") -> Model:
    """A model whose fields are variables of an environment: see `Settings`. An empty variable counts as absent.

    Raises:
        InvalidSettings: A variable is missing or wrong; the message names each, and ends with `advice`.
    """
    values = {name: value for name in model.model_fields if (value := environ.get(PREFIX + name.upper(), "").strip())}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        mistake = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        msg = f"bad settings: {mistake}{advice}"
        raise InvalidSettings(msg) from None


@cache
def settings() -> Settings:
    """This process's settings."""
    return read(os.environ)
