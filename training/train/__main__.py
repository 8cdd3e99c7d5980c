"""`python -m hedge_env.training.train` is `hedge train`."""

from hedge_env.training.cli.main import main_for

main_for("train")
