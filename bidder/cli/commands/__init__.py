"""One file a command or a group of commands: its name is the command's, and its `command` is what click runs."""
