"""Files that users write: YAML, JSON Lines and id lists, with the line of each value. Only commands import them."""
