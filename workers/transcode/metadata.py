"""The metadata function: measures each upload, for `creatives show`."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bidder import log
from bidder.creatives import commands
from bidder.creatives.limits import RefusedUpload
from bidder.creatives.loudness import parse_loudness
from bidder.creatives.probe import Probe
from bidder.creatives.process import Processor
from bidder.creatives.transcode import probe_source
from bidder.creatives.upload import Upload
from workers.transcode.batch import Answer, each_upload
from workers.transcode.settings import function_processor

log.to_stdout()


def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """Measures the uploads of a batch of SQS records."""
    return each_upload(event, lambda upload, _: measure(function_processor(), upload))


def measure(processor: Processor, upload: Upload) -> None:
    """Stores the measurements of an upload in its job. A file that is not a video has none."""
    about = processor.source.metadata(upload)
    if about is None:
        return
    with suppress(RefusedUpload), processor.copy_upload(upload) as (_, _, sandbox):
        probe = probe_source(sandbox, processor.limits)
        loudness = None
        if probe.video and probe.audio:
            decoded = sandbox.run(commands.decode(processor.limits, probe.video, probe.audio.stream))
            loudness = parse_loudness(decoded.errors)
        document = describe_probe(probe) | {"loudness_lufs": loudness.integrated if loudness else None}
        processor.jobs.note(about, "source", json.dumps(document), upload.sequencer)


def describe_probe(probe: Probe) -> dict[str, Any]:
    """A probe as JSON: seconds, bytes, kbit/s, pixels, frames a second."""
    video, audio = probe.video, probe.audio
    return {
        "container": probe.container,
        "seconds": round(probe.seconds, 3),
        "bytes": probe.size,
        "kbits": probe.kbits,
        "other_tracks": probe.other_tracks,
        "video": video
        and {
            "codec": video.codec,
            "width": video.width,
            "height": video.height,
            "frame_rate": round(float(video.frame_rate), 3),
            "rotation": video.rotation,
            "interlaced": video.is_interlaced,
            "hdr": video.colours.is_hdr,
            "bit_depth": video.bit_depth,
        },
        "audio": audio and {"codec": audio.codec, "sample_rate": audio.sample_rate, "channels": audio.channels},
    }
