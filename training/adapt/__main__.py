"""`python -m hedge_env.training.adapt` is `hedge adapt`."""

from hedge_env.training.cli.main import main_for

main_for("adapt")
