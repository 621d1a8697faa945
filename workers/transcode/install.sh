#!/bin/sh
# Installs what the worker needs into /app/venv, and makes a link to ffmpeg that its settings can name.
set -eu
python3 -m venv /app/venv
/app/venv/bin/python -m pip install --no-cache-dir -q \
	-r locks/requirements.txt -c locks/requirements-run.txt imageio-ffmpeg
/app/venv/bin/python - <<'PYTHON'
from pathlib import Path
import imageio_ffmpeg
Path("/app/ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
PYTHON
