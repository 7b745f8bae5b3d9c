"""Images that rows of the bench squash: made once, without a daemon, and kept.

They lie beside the testbed's programs, in `$PAASCTL_TESTBED_CACHE/images` (or `~/.cache/paasctl-testbed/images`), as
OCI layouts, each under its name: `big` (75 layers, 2 GB, 100,000 entries, 43 % of the bytes dead), `small` (a
twentieth of it), `many` (300,000 tiny entries) and `tenth` (30,000 of them). `python -m bench.input big` makes one
where it is not there yet, and says where it is; with `--push HOST` also pushes it to `HOST/bench/big:1`.
"""
