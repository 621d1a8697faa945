"""The ad tag: a bid request as the query of a URL. Its parameter names are those that other ad servers use."""
