"""A real-time video-ad bidder. Each folder is one part of it; `docs/architecture.md` describes the parts."""
