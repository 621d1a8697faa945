"""What make runs: package, deploy, the local AWS, the local server. None of it ships."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""
