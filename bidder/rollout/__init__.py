"""The two deployment hooks, which decide whether a new version of the bid function gets traffic."""
