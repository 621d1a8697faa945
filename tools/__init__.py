"""The programs behind the Makefile: package, deploy, the local AWS, the local server. They are not deployed."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the project."""
