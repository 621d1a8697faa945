"""The commands of click: each file has one command or group, `command`, with the name of the file."""
