"""`python -m loadtest.bench.readme [RECORD]`: puts the figures of build/bench.json, or of RECORD, into README.

Writes README's table, the plot docs/bench.svg, and the record itself as docs/bench.json.
"""

import shutil
import sys
from pathlib import Path

from bidder.errors import UserError
from loadtest.bench.headline import with_section
from loadtest.bench.plot import draw
from loadtest.bench.record import RESULT, read_record
from tools import ROOT

README, RECORD, PLOT = ROOT / "README.md", ROOT / "docs" / "bench.json", ROOT / "docs" / "bench.svg"


def main(path: Path = RESULT) -> int:
    """Writes the three files. Returns the exit status."""
    try:
        record = read_record(path)
        text = with_section(README.read_text(encoding="utf-8"), record)
        draw(record, PLOT)
    except UserError as error:
        print(f"bench-readme: {error}", file=sys.stderr)
        return 2
    README.write_text(text, encoding="utf-8")
    if path.resolve() != RECORD:
        shutil.copyfile(path, RECORD)
    print(f"written: {', '.join(str(file.relative_to(ROOT)) for file in (README, RECORD, PLOT))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
