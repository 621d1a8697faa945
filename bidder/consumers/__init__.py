"""One file for each queue or topic that a function reads."""
