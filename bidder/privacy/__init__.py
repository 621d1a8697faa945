"""The consent signals of a request, and the fields that may be used."""
