"""What decides whether a new version of the bid function gets traffic: the two hooks of its deployment."""
