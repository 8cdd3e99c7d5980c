"""The commands of `hedge` and their options, as frozen dataclasses.

This module and those of the options describe the command line and run nothing. They
import neither the environment nor a learning library, so that `hedge --help` answers
at once. The implementation of the command `name` is `training.<name>.run(options)`; it
returns an exit code, or None for success, and is imported only when it is run.
"""

from hedge_env.training.cli.after_training_options import (
    AdaptOptions,
    DistillOptions,
    MatrixOptions,
)
from hedge_env.training.cli.common_options import CommonOptions
from hedge_env.training.cli.market_options import (
    BenchmarkOptions,
    BoundOptions,
    CalibrateOptions,
    DoctorOptions,
    InspectOptions,
    OptimumOptions,
    PresetsOptions,
)
from hedge_env.training.cli.policy_options import (
    AdviseOptions,
    CompareOptions,
    EvaluateOptions,
    StudyOptions,
    TrainOptions,
    TuneOptions,
)

__all__ = [
    "COMMANDS",
    "AdaptOptions",
    "AdviseOptions",
    "BenchmarkOptions",
    "BoundOptions",
    "CalibrateOptions",
    "CommonOptions",
    "CompareOptions",
    "DistillOptions",
    "DoctorOptions",
    "EvaluateOptions",
    "InspectOptions",
    "MatrixOptions",
    "OptimumOptions",
    "PresetsOptions",
    "StudyOptions",
    "TrainOptions",
    "TuneOptions",
]

COMMANDS: dict[str, type[CommonOptions]] = {
    "train": TrainOptions,
    "evaluate": EvaluateOptions,
    "compare": CompareOptions,
    "tune": TuneOptions,
    "distill": DistillOptions,
    "advise": AdviseOptions,
    "matrix": MatrixOptions,
    "adapt": AdaptOptions,
    "study": StudyOptions,
    "optimum": OptimumOptions,
    "bound": BoundOptions,
    "inspect": InspectOptions,
    "calibrate": CalibrateOptions,
    "benchmark": BenchmarkOptions,
    "presets": PresetsOptions,
    "doctor": DoctorOptions,
}
