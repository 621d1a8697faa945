"""A real-time video-ad bidder. Each folder is one room of it; `docs/architecture.md` walks through them."""
