"""Load on a running bidder, and measurements of one. None of it ships."""
