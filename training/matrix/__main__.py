"""`python -m hedge_env.training.matrix` is `hedge matrix`."""

from hedge_env.training.cli.main import main_for

main_for("matrix")
