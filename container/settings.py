"""The settings of the server, read once from environment variables; `bidder.settings` has those of the bidder."""

import os

from pydantic import BaseModel, ConfigDict, Field


def cores() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ServerSettings(BaseModel):
    """One field for each environment variable: `port` is `BIDDER_PORT`."""

    model_config = ConfigDict(frozen=True)

    host: str = "127.0.0.1"
    """The address on which the server listens; the image sets 0.0.0.0."""
    port: int = Field(default=8080, ge=1, le=65535)
    processes: int = Field(default_factory=cores, ge=1, le=64)
    """The number of processes that share the port; by default one for each core."""
    proxies: int = Field(default=0, ge=0, le=5)
    """The trusted proxies before this server. Each appends one address to X-Forwarded-For. 1 behind an ALB."""
    bid_threads: int = Field(default=4, ge=1, le=256)
    """The threads of a process for bids: other bids continue while one waits for frequency caps."""
    event_threads: int = Field(default=32, ge=1, le=256)
    """The threads of a process for notices, each of which waits for SNS."""
    most_events_at_once: int = Field(default=256, ge=1)
    """The concurrency limit of notices in a process; further notices get 503."""
    most_lag_seconds: float = Field(default=0.1, gt=0)
    """The lag of the event loop, in seconds, above which bids get 503 immediately."""
    head_seconds: float = Field(default=5, gt=0)
    """The time limit for the request line and the headers of a request, in seconds."""
    body_seconds: float = Field(default=5, gt=0)
    """The time limit for the body of a request, in seconds."""
    idle_seconds: int = Field(default=75, ge=1)
    """The time for which an idle connection stays open, in seconds: longer than an ALB's idle timeout of 60 seconds."""
    drain_seconds: int = Field(default=20, ge=1)
    """The time limit for requests in progress after SIGTERM, and then for the publishing of counts, in seconds each."""
