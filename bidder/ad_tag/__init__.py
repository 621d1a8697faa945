"""The ad tag: a bid request as the query of a URL, in the words that ad servers' users know."""
