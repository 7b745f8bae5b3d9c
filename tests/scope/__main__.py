"""Record what all journeys ask of a real API server: PYTHONPATH=tests python -m scope [PYTEST ARGS].

It needs the testbed's variables. What is found is added to `tests/embedded/requests.txt`; `--anew` begins that anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from scope.recorder import recording

FILE = Path(__file__).parents[1] / "embedded" / "requests.txt"
_JOURNEYS = ("tests/e2e", "-m", "real", "--tb=short")


def main(args: list[str]) -> int:
    """Run the tests with the recorder in the cluster's place; their exit code."""
    known = set() if "--anew" in args or not FILE.exists() else set(FILE.read_text().splitlines())
    chosen = [it for it in args if it != "--anew"] or list(_JOURNEYS)
    with TemporaryDirectory() as folder:
        kubeconfig = Path(os.environ["PAASCTL_TEST_KUBECONFIG"])
        with recording(kubeconfig, Path(folder)) as (recorder, path):
            environ = {**os.environ, "PAASCTL_TEST_KUBECONFIG": str(path)}
            done = subprocess.run([sys.executable, "-m", "pytest", "-q", *chosen], env=environ, check=False)
    FILE.write_text("\n".join(sorted(known | recorder.shapes)) + "\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
