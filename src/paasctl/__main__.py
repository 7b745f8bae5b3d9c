"""`python -m paasctl`."""

from paasctl.cli.main import main

raise SystemExit(main())
