"""The entrances: they convert HTTP requests of each AWS service to one form, and share one table of routes."""
