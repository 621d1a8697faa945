"""The functions and the container worker that turn uploads into creatives; ffmpeg comes with them alone."""
