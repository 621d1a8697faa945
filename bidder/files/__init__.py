"""Files that people write: their text, and YAML and JSON with the line of each value. On laptops only."""
