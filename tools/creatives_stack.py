"""The stack of creatives: its package, its layer with ffmpeg, and its deployment beside the bidder's stack.

The package is the bidder's zip and `workers/`. The layer has the ffmpeg of a pinned wheel under the GPL, which runs as
a separate program.
"""

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import boto3
import imageio_ffmpeg

from tools import ROOT
from tools.adoption import adopt
from tools.artifacts import artifacts
from tools.changes import Patience, check_changeable, describe_stack
from tools.names import check_names
from tools.package import Package, of_lambda, own_architecture
from tools.protection import change_protected
from tools.slim import WORKERS, deployed_modules
from tools.template import load_template

TEMPLATE = ROOT / "deploy" / "creatives.yaml"
CREATIVES_PARAMETERS = frozenset({"Loudness", "UploadDays", "CreativesTableName", "UploadBucketName"})
"""The parameters of `make deploy` that belong to this stack."""

_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_NOTICE = """ffmpeg {version}, from the wheel of imageio-ffmpeg; licence GPL-3.0-or-later, sources at ffmpeg.org.
It runs as a program of its own; nothing of the bidder is linked with it.
"""


def stack_name(bidder: str) -> str:
    """The name of the creatives' stack that belongs to a bidder's stack."""
    return f"{bidder}-creatives"


def zip_functions(package: Package) -> bytes:
    """The package of the functions: the bidder's zip without its app, `workers/`, and the other modules that they need.

    The same sources give the same bytes.
    """
    content = io.BytesIO()
    with ZipFile(package.archive) as bidder, ZipFile(content, "w") as archive:
        for entry in bidder.infolist():
            if entry.filename.startswith(("app.", "__pycache__/")):
                continue
            archive.writestr(entry, bidder.read(entry))
        workers = sorted(WORKERS.rglob("*.py"))
        missing = deployed_modules(*workers) - set(bidder.namelist())
        for name in sorted(missing | {path.relative_to(ROOT).as_posix() for path in workers}):
            _write(archive, name, (ROOT / name).read_bytes())
    return content.getvalue()


def layer(architecture: str) -> bytes:
    """The layer: `bin/ffmpeg` for a processor, which Lambda mounts at /opt/bin, and a licence notice."""
    content = io.BytesIO()
    with ZipFile(content, "w") as archive:
        _write(archive, "bin/ffmpeg", _ffmpeg(architecture), executable=True)
        _write(archive, "NOTICE", _NOTICE.format(version=imageio_ffmpeg.get_ffmpeg_version()).encode())
    return content.getvalue()


def _ffmpeg(architecture: str) -> bytes:
    """The ffmpeg of the pinned wheel for this processor."""
    if architecture == own_architecture():
        return Path(imageio_ffmpeg.get_ffmpeg_exe()).read_bytes()
    expected = f"imageio-ffmpeg=={version('imageio-ffmpeg')}"
    with tempfile.TemporaryDirectory() as folder:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "-d",
            folder,
            *of_lambda(architecture),
            expected,
        ]
        subprocess.run(pip, check=True)
        [wheel] = Path(folder).glob("*.whl")
        with ZipFile(wheel) as archive:
            [name] = [name for name in archive.namelist() if name.startswith("imageio_ffmpeg/binaries/ffmpeg-")]
            return archive.read(name)


def deploy_creatives(
    session: boto3.Session,
    built: Package,
    bidder: str,
    outputs: Mapping[str, str],
    parameters: Mapping[str, str],
    *,
    bucket: str | None = None,
    patience: Patience | None = None,
    with_layer: bool = True,
) -> dict[str, str]:
    """Changes the creatives' stack to the present sources. Returns its outputs. Raises as `tools.deploy.deploy` does.

    `outputs` are those of the bidder's stack. Without the layer, the parameter Ffmpeg has the path of ffmpeg.
    """
    cloudformation, stack = session.client("cloudformation"), stack_name(bidder)
    architecture = parameters.get("Architecture", own_architecture())
    current = describe_stack(cloudformation, stack)
    check_changeable(stack, current)
    check_names(stack, parameters, current)
    target = artifacts(session, bucket)
    code = target.upload(zip_functions(built), stack, ".zip")
    template = _with_code(load_template(TEMPLATE), target.bucket, code)
    values = {
        "CampaignsTable": outputs["BidderCampaignsTable"],
        "HistoryTable": outputs["BidderHistoryTable"],
        "CreativeBucket": outputs["BidderCreativeBucket"],
        "MediaUrl": outputs["BidderMediaUrl"],
        "RefreshTopic": outputs["BidderRefreshTopic"],
        "AlarmTopic": outputs["AlarmTopic"],
        "Runtime": _RUNTIME,
        "Architecture": architecture,
        **(
            {"LayerBucket": target.bucket, "LayerKey": target.upload(layer(architecture), stack, ".layer.zip")}
            if with_layer
            else {}
        ),
        **parameters,
    }
    url = target.url(target.upload(json.dumps(template, separators=(",", ":")).encode(), stack, ".template.json"))
    wait = patience or Patience()
    adopt(session, target, stack, template, values, current, wait)
    current = describe_stack(cloudformation, stack)
    change_protected(cloudformation, stack, template, url, values, current, wait)
    described_now = describe_stack(cloudformation, stack) or {}
    return {output["OutputKey"]: output["OutputValue"] for output in described_now.get("Outputs", [])}


def _with_code(template: dict[str, Any], bucket: str, key: str) -> dict[str, Any]:
    function = template["Globals"]["Function"] | {"CodeUri": {"Bucket": bucket, "Key": key}}
    return template | {"Globals": {"Function": function}}


def _write(archive: ZipFile, name: str, content: bytes, *, executable: bool = False) -> None:
    entry = ZipInfo(name)
    entry.external_attr = (0o755 if executable else 0o644) << 16
    archive.writestr(entry, content, ZIP_DEFLATED, 6)
