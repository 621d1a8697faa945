"""Files for browsers: the ad player, bundled from web/ by `make player`, and the demo page."""
