"""Processes an upload: transcodes it and updates its campaign. A repeated, late or outdated event changes nothing."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bidder import log
from bidder.campaigns.creative import Media
from bidder.creatives import commands
from bidder.creatives.campaign_update import CannotUse, check_campaign, update_campaign
from bidder.creatives.job import Finished, State
from bidder.creatives.ladder import check
from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.loudness import LoudnessTarget
from bidder.creatives.measure import Measured, source_type
from bidder.creatives.probe import Probe
from bidder.creatives.sandbox import Resources, Sandbox
from bidder.creatives.transcode import Transcoded, probe_source, transcode
from bidder.creatives.upload import Metadata, Upload

if TYPE_CHECKING:
    from bidder.campaigns.repository import CampaignRepository
    from bidder.creatives.announcer import Announcer
    from bidder.creatives.destination import Destination
    from bidder.creatives.job_store import JobStore
    from bidder.creatives.source import UploadSource


class TooLongForFunction(Exception):
    """A function can't transcode the upload in its 15 minutes, so the container worker takes the upload."""


@dataclass(frozen=True)
class Processor:
    """Processes uploads. `now` returns the current time; `at_once` is the number of renditions made in parallel."""

    source: "UploadSource"
    destination: "Destination"
    jobs: "JobStore"
    campaigns: "CampaignRepository"
    announcer: "Announcer"
    ffmpeg: Path
    target: LoudnessTarget
    now: Callable[[], datetime]
    limits: Limits = field(default_factory=Limits)
    resources: Resources = field(default_factory=Resources)
    at_once: int = 2
    is_function: bool = True

    def process(self, upload: Upload) -> State | None:
        """Processes an upload. Returns its final state, or None if it is outdated or has ended already.

        Raises NotAnUpload if the metadata is invalid, and TooLongForFunction. AWS errors are raised too: SQS then
        delivers the message again.
        """
        about = self.source.metadata(upload)
        if about is None:
            return None
        if not self.jobs.begin(upload, about, self.now()):
            log.event("creative.passed_over", campaign=about.campaign, creative=about.creative)
            return None
        if self.is_function:  # a function has announced the worker's uploads already
            self.announcer.tell(about, State.UPLOADED, self.now())
        self.announcer.tell(about, State.PROBING, self.now())
        try:
            stored = self.campaigns.states([about.campaign])[about.campaign]
            check_campaign(stored, about.campaign, about.campaign_creation, upload.sequencer)
            finished = self._finished(upload, about)
            if finished is None or not self.jobs.finish(about, finished):
                return None
            update_campaign(self.campaigns, self.jobs, about.campaign, about.creative)
        except (RefusedUpload, CannotUse) as refused:
            if self.is_function and isinstance(refused, RefusedUpload) and refused.reason is Refusal.TOO_MUCH_WORK:
                raise TooLongForFunction from None
            return self._end(upload, about, State.REFUSED, str(refused))
        state = self._end(upload, about, State.READY, None)
        self.announcer.ask_for_refresh()
        return state

    @contextmanager
    def copy_upload(self, upload: Upload) -> Iterator[tuple[str, Path, Sandbox]]:
        """A context with a copy of the upload in a temporary folder.

        Yields the key prefix of the upload's files, the folder, and a sandbox in that folder. Raises RefusedUpload
        for an upload that is too large.
        """
        with tempfile.TemporaryDirectory(prefix="creative-") as name:
            folder = Path(name)
            prefix = self.source.copy(upload, folder / commands.SOURCE)
            yield prefix, folder, Sandbox(self.ffmpeg, folder, self.resources)

    def _finished(self, upload: Upload, about: Metadata) -> Finished | None:
        if self.is_function and upload.size > self.limits.function_bytes:
            raise TooLongForFunction
        with self.copy_upload(upload) as (prefix, folder, sandbox):
            probe = probe_source(sandbox, self.limits)
            check(probe, self.limits)
            if self.is_function and probe.seconds > self.limits.function_seconds:
                raise TooLongForFunction
            if not self.jobs.move(upload, about, State.TRANSCODING, self.now()):
                return None
            self.announcer.tell(about, State.TRANSCODING, self.now())
            transcoded = transcode(sandbox, self.limits, self.target, at_once=self.at_once)
            return self._keep(transcoded, prefix, upload, about, folder)

    def _keep(self, transcoded: Transcoded, prefix: str, upload: Upload, about: Metadata, folder: Path) -> Finished:
        media = tuple(
            _media(self.destination.put(path, prefix + path.name), measured) for path, measured in transcoded.renditions
        )
        return Finished(
            sequencer=upload.sequencer,
            seconds=round(transcoded.renditions[0].measured.seconds, 2),
            media=media,
            mezzanine=self._mezzanine(transcoded.source, prefix, folder) if about.mezzanine == "yes" else None,
            landing_page=about.landing_page,
            name=about.name,
            campaign_creation=about.campaign_creation,
        )

    def _mezzanine(self, source: Probe, prefix: str, folder: Path) -> Media | None:
        if source.video is None:
            return None
        suffix, mime = source_type(folder / commands.SOURCE)
        return Media(
            url=self.destination.put(folder / commands.SOURCE, f"{prefix}mezzanine.{suffix}"),
            mime=mime,
            width=source.video.width,
            height=source.video.height,
            bitrate=max(1, source.kbits),
            codec=source.video.codec,
            file_size=source.size,
        )

    def _end(self, upload: Upload, about: Metadata, state: State, reason: str | None) -> State | None:
        if not self.jobs.move(upload, about, state, self.now(), reason):
            return None
        self.announcer.tell(about, state, self.now(), reason)
        log.event("creative", campaign=about.campaign, creative=about.creative, state=state, reason=reason)
        return state


def _media(url: str, measured: Measured) -> Media:
    return Media(
        url=url,
        mime=measured.mime,
        width=measured.width,
        height=measured.height,
        bitrate=max(1, measured.kbits),
        codec=measured.codecs,
        file_size=measured.size,
    )
