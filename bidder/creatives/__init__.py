"""Creatives from uploads: probe a video, transcode it into a ladder of renditions, and hand these to its campaign.

Nothing here is imported by a bid. The functions and the container worker that call it are in `workers/transcode/`.
"""
