"""Entry: `python -m testbed up`, or `python tests/testbed up` from anywhere."""

import sys
from pathlib import Path

if __package__:
    from .cli import main
else:  # run as a folder: there is no package yet
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from testbed.cli import main

sys.exit(main())
