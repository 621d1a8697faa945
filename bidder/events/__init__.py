"""What happens after a bid: kinds, signed tokens and URLs, publishing, and what consumers keep."""
