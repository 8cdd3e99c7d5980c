"""What holds for every test: it does the same wherever and however often it is run."""

import os
import signal

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

# A build that fails once and passes when repeated tells nobody what is wrong. So the
# examples follow from the test's source and not from chance, and neither the speed of
# the machine nor an example that another run has stored decides whether it passes.
# `pytest --hypothesis-profile=default` looks for new examples; one that fails becomes
# a test of its own, or an `@example`.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")

# Hypothesis also tries the constants of the modules imported by then, and which these
# are depends on the tests that the same process has run before. A private function is
# the only way to leave them out.
providers._get_local_constants = providers.Constants

# Processes that pytest starts may be told of the width of a terminal.
os.environ.pop("COLUMNS", None)

# A shell that starts pytest in the background, or under nohup, makes it and all that it
# starts ignore what tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)
for ignored in {"SIGHUP", "SIGTERM"} & {each.name for each in signal.Signals}:
    signal.signal(signal.Signals[ignored], signal.SIG_DFL)
