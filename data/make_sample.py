"""Make the bundled sample: ``python data/make_sample.py [FOLDER]`` (default: ``data/sample``).

The same script writes the same bytes every time. Everything in the sample is invented (虚构).
"""

import sys
from pathlib import Path

from sample_maker.build import build

if __name__ == "__main__":
    default = Path(__file__).parent / "sample"
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
