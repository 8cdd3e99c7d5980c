"""`python -m hedge_env.training.tune` is `hedge tune`."""

from hedge_env.training.cli.main import main_for

main_for("tune")
