"""`python -m hedge_env.training.study` is `hedge study`."""

from hedge_env.training.cli.main import main_for

main_for("study")
