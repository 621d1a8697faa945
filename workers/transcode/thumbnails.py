"""The thumbnails function: makes a poster and three thumbnails of each upload within seconds.

Users see their upload before its renditions are made. A failure does not stop the creative from bidding.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bidder import log
from bidder.creatives.limits import RefusedUpload
from bidder.creatives.process import Processor
from bidder.creatives.transcode import images
from bidder.creatives.upload import Upload
from workers.transcode.batch import Answer, each_upload
from workers.transcode.settings import function_processor

log.to_stdout()


def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """Makes the images of the uploads of a batch of SQS records."""
    return each_upload(event, lambda upload, _: make(function_processor(), upload))


def make(processor: Processor, upload: Upload) -> None:
    """Makes the images of an upload, and stores their URLs in its job. A refused upload has no images."""
    about = processor.source.metadata(upload)
    if about is None:
        return
    with suppress(RefusedUpload), processor.copy_upload(upload) as (prefix, _, sandbox):
        paths = images(sandbox, processor.limits)
        urls = [processor.destination.put(path, prefix + path.name) for path in paths]
        processor.jobs.note(about, "images", json.dumps(urls), upload.sequencer)
