"""The ways in: HTTP requests as each AWS service hands them over, and one table of routes to the endpoints."""
