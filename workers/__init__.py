"""Programs beside the bidder's API, each with a package of its own."""
