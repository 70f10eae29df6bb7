"""`python -m fastapply` is the command `fastapply`."""

import sys

from fastapply.cli import main

if __name__ == "__main__":
    sys.exit(main())
