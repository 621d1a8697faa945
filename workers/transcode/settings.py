"""The settings of the workers, read and validated once from environment variables."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import boto3
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bidder.campaigns.repository import CampaignRepository
from bidder.creatives.announcer import Announcer
from bidder.creatives.destination import Destination
from bidder.creatives.job_store import JobStore
from bidder.creatives.limits import Limits
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.process import Processor
from bidder.creatives.sandbox import Resources
from bidder.creatives.source import UploadSource
from bidder.settings import from_environment

_WORKER = Resources(cpu_seconds=8 * 3600, wall_seconds=4 * 3600)
"""The resource limits of ffmpeg in the container worker: an hour of 1080p takes more CPU than a function has."""


class WorkerSettings(BaseModel):
    """One field for each environment variable: `batch_queue` is `BIDDER_BATCH_QUEUE`."""

    model_config = ConfigDict(frozen=True)

    campaigns_table: str = Field(min_length=1)
    history_table: str = Field(min_length=1)
    creatives_table: str = Field(min_length=1)
    creative_bucket: str = Field(min_length=1)
    creatives_topic: str = Field(pattern=r"^arn:[^:]+:sns:")
    refresh_topic: str = Field(pattern=r"^arn:[^:]+:sns:")
    media_url: str = Field(pattern=r"^https?://[^/\s]+/(\S+/)?$")
    """The public URL of the creatives' bucket, with a slash at its end."""
    batch_queue: str | None = Field(default=None, pattern=r"^https?://")
    """The queue of the container worker; without it, what is too long for a function is refused by its dead letter."""
    ffmpeg: str = "/opt/bin/ffmpeg"
    """The path of the program: the layer's in Lambda, the package's on a laptop."""
    loudness: Annotated[LoudnessTarget, BeforeValidator(float)] = LoudnessTarget.ATSC_A85
    """The market's programme loudness in LUFS: -24 (ATSC A/85) or -23 (EBU R 128)."""


def read(environ: Mapping[str, str]) -> WorkerSettings:
    """The settings of an environment. An empty variable counts as absent. Raises InvalidSettings."""
    return from_environment(WorkerSettings, environ)


@cache
def function_settings() -> WorkerSettings:
    """The settings of this process, which is a function."""
    return read(os.environ)


@cache
def function_processor() -> Processor:
    """The processor of this process, which is a function."""
    return processor(function_settings(), is_function=True)


def processor(settings: WorkerSettings, *, is_function: bool) -> Processor:
    """The processor of uploads, with AWS clients for this environment."""
    dynamodb, s3, limits = boto3.client("dynamodb"), boto3.client("s3"), Limits()
    return Processor(
        source=UploadSource(s3, limits),
        destination=Destination(s3, settings.creative_bucket, settings.media_url),
        jobs=JobStore(dynamodb, settings.creatives_table),
        campaigns=CampaignRepository(dynamodb, settings.campaigns_table, settings.history_table, author="transcoder"),
        announcer=Announcer(boto3.client("sns"), settings.creatives_topic, settings.refresh_topic),
        ffmpeg=Path(settings.ffmpeg),
        limits=limits,
        target=settings.loudness,
        resources=Resources() if is_function else _WORKER,
        now=lambda: datetime.now(UTC),
        at_once=os.cpu_count() or 1,
        is_function=is_function,
    )
