"""The viewer's device, address and signals from HTTP headers, and their addition to a bid request."""
