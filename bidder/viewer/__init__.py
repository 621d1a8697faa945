"""The viewer as HTTP headers describe them, and what a bid request lacks of that."""
