"""The bidder as a web server in a container. It does not ship to Lambda."""
