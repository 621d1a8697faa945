"""The events after a bid: kinds, signed tokens and URLs, publishing, and the state of the consumers."""
