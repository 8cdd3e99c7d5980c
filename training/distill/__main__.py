"""`python -m hedge_env.training.distill` is `hedge distill`."""

from hedge_env.training.cli.main import main_for

main_for("distill")
