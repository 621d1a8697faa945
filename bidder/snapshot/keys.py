"""Where the parts of snapshots are in their bucket."""

POINTER = "snapshots/current.json"
PIN = "snapshots/pin.json"
MANIFESTS = "snapshots/manifest/"
INDEXES = "snapshots/index/"
DELIVERIES = "snapshots/delivery/"
LISTS = "snapshots/list/"
