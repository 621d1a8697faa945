"""One file for each HTTP entrance."""
