"""Write the sample data anew: `python -m sample_data.generate [FOLDER]`; the same seed gives the same bytes."""

import sys
from pathlib import Path

from sample_data.generator.build import build_all

if __name__ == "__main__":
    build_all(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
