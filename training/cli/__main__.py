"""`python -m hedge_env.training.cli` is `hedge`."""

import sys

from hedge_env.training.cli.main import main

sys.exit(main())
