#!/bin/sh
# The wheels for the Python and the C library of the base, whatever this machine has.
set -eu
cd "$(dirname "$0")"
"${PYTHON:-python3}" -m pip download -q -d wheels --only-binary=:all: \
  --python-version 3.11 --platform manylinux2014_x86_64 -r requirements.txt
