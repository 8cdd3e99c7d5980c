"""What holds for every test: it does the same wherever and however often it is run."""

import os
import signal

from hypothesis import HealthCheck, settings

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

# One thing is left to chance: Hypothesis also tries the constants of the modules that
# are imported by then, so that a file run alone may try a few other examples than in
# the whole suite. Only a private function of Hypothesis could change that.

# Processes that pytest starts may be told of the width of a terminal.
os.environ.pop("COLUMNS", None)

# A shell that starts pytest in the background, or under nohup, makes it and all that it
# starts ignore what tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)
for ignored in {"SIGHUP", "SIGTERM"} & {each.name for each in signal.Signals}:
    signal.signal(signal.Signals[ignored], signal.SIG_DFL)
