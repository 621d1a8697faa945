"""The functions and the container worker that convert uploads to creatives. Only their packages contain ffmpeg."""
