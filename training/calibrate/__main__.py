"""`python -m hedge_env.training.calibrate` is `hedge calibrate`."""

from hedge_env.training.cli.main import main_for

main_for("calibrate")
