"""Creatives from uploaded videos: probing, transcoding into a ladder of renditions, and the update of the campaign.

A bid imports nothing of this package. The functions and the container worker that use it are in `workers/transcode/`.
"""
