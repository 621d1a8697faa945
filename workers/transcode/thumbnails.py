"""The thumbnails function: a poster and three thumbnails of each upload, within seconds.

People see what they uploaded before the ladder is made. A failure here keeps no creative from bidding.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bidder import log
from bidder.creatives import commands
from bidder.creatives.limits import RefusedUpload
from bidder.creatives.process import Processor
from bidder.creatives.sandbox import Sandbox
from bidder.creatives.transcode import images
from bidder.creatives.upload import Upload
from workers.transcode.batch import Answer, each_upload
from workers.transcode.settings import processor as processor_of
from workers.transcode.settings import read

log.to_stdout()


@cache
def tools() -> Processor:
    """This process's source, destination and jobs."""
    return processor_of(read(os.environ), is_function=True)


def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """Makes the images of the uploads of a batch of SQS records."""
    return each_upload(event, lambda upload, _: make(tools(), upload))


def make(processor: Processor, upload: Upload) -> None:
    """Makes the images of one upload, and keeps their URLs with its job. A refused upload has none."""
    about = processor.source.metadata(upload)
    if about is None:
        return
    with tempfile.TemporaryDirectory(prefix="thumbnails-") as name:
        folder = Path(name)
        try:
            prefix = processor.source.copy(upload, folder / commands.SOURCE)
            paths = images(Sandbox(processor.ffmpeg, folder, processor.resources), processor.limits)
        except RefusedUpload:
            return
        urls = [processor.destination.put(path, prefix + path.name) for path in paths]
    processor.jobs.note(about, "images", json.dumps(urls), upload.sequencer)
