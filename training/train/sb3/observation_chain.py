"""What stands between the hedging environment and a model's network.

Wrappers that only look on, or change rewards, are passed over. Running normalisations
of the observation are carried along. Whatever else changes what the network sees, or
what becomes of its action, cannot be kept in a policy file and is refused by name.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium import wrappers as single
from gymnasium.vector import SyncVectorEnv
from gymnasium.wrappers import vector as batched
from numpy.typing import NDArray
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecCheckNan,
    VecEnv,
    VecMonitor,
    VecNormalize,
    VecVideoRecorder,
)
from stable_baselines3.common.vec_env.base_vec_env import VecEnvWrapper

from hedge_env.base.errors import HedgeError
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.gym.env import HedgeEnv
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_metadata import InputScaling
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

# Compared by identity: a subclass may do anything.
ONLOOKERS: frozenset[type] = frozenset(
    {
        VecMonitor,
        VecCheckNan,
        VecVideoRecorder,
        Monitor,
        single.Autoreset,
        single.ClipReward,
        single.HumanRendering,
        single.NormalizeReward,
        single.OrderEnforcing,
        single.PassiveEnvChecker,
        single.RecordEpisodeStatistics,
        single.RecordVideo,
        single.RenderCollection,
        single.TimeLimit,
        single.TransformReward,
        batched.ClipReward,
        batched.DictInfoToList,
        batched.HumanRendering,
        batched.NormalizeReward,
        batched.RecordEpisodeStatistics,
        batched.RecordVideo,
        batched.TransformReward,
    }
)
UNWRAP = "train without it, or keep the model in its library's own file"


class ExportError(HedgeError, ValueError):
    """A model does more than a policy file can hold; the message says what."""


class Normalisation(NamedTuple):
    """A running normalisation: clip((x - mean) / deviation, -limit, limit)."""

    mean: FloatArray  # (n_features,)
    deviation: FloatArray  # (n_features,), positive
    limit: float  # infinite: no clipping
    normalise: Callable[[NDArray[Any]], NDArray[Any]]  # its library's own function


class ObservationChain(NamedTuple):
    """From the environment's observation to the network's input."""

    config: EnvConfig  # of the environment
    normalisations: tuple[Normalisation, ...]  # the environment's side first

    def __call__(self, observations: NDArray[Any]) -> NDArray[Any]:
        """What the network is given for `observations`, by the libraries' own code."""
        for step in self.normalisations:
            observations = step.normalise(observations)
        return observations

    def scaling(self, low: NDArray[Any], high: NDArray[Any]) -> list[InputScaling]:
        """All normalisations in a row as one, none if there are none.

        The composition of clip((x - m) / d, a, b) with another of its kind is of that
        kind: means and deviations compose, and of the bounds the narrower remain.

        Args:
            low: Lower bound of each feature, shape (n_features,).
            high: Upper bounds.
        """
        if not self.normalisations:
            return []
        offset, deviation = np.zeros(low.shape), np.ones(low.shape)
        low, high = low.astype(np.float64), high.astype(np.float64)
        for mean, sd, limit, _ in self.normalisations:
            offset, deviation = offset + deviation * mean, deviation * sd
            low, high = (np.clip((x - mean) / sd, -limit, limit) for x in (low, high))
        return [
            InputScaling(offset=o, deviation=d, low=a, high=b)
            for o, d, a, b in zip(offset, deviation, low, high, strict=True)
        ]


def observation_chain(env: VecEnv | None) -> ObservationChain:
    """Look through everything a model's environment is wrapped in.

    Raises:
        ExportError: If there is no environment, or something in between that a policy
            file cannot hold.
    """
    if env is None:
        raise ExportError(
            "cannot export a model without its environment, since what normalises its "
            "observations is not known: call model.set_env(env) with the one that it "
            "was trained in"
        )
    layers = list(_layers(env))
    base = layers[-1]
    methods = HedgeEnv if isinstance(base, HedgeEnv) else HedgeVectorEnv
    if not isinstance(base, methods) or _overrides(base, methods, "reset", "step"):
        raise ExportError(
            f"cannot export a model trained in a {type(base).__name__}: a policy file "
            "holds agents of HedgeEnv and HedgeVectorEnv"
        )
    steps = [step for layer in layers[:-1] if (step := _normalisation(layer))]
    return ObservationChain(base.config, tuple(reversed(steps)))


def _layers(env: Any) -> Iterator[Any]:
    """The environment and all that is inside it, from the outside in."""
    while True:
        yield env
        if isinstance(env, VecEnvWrapper | VecEnvAdapter):
            env = env.venv
        elif type(env) in (DummyVecEnv, SyncVectorEnv):
            env = _first_of_equals(env.envs)
        elif isinstance(env, gymnasium.Wrapper | gymnasium.vector.VectorWrapper):
            env = env.env
        else:
            return


def _first_of_equals(envs: Any) -> Any:
    """One environment for all, if each is wrapped as the others are."""
    kinds = {tuple(type(layer) for layer in _layers(env)) for env in envs}
    if len(kinds) > 1:
        raise ExportError(
            "cannot export a model whose environments are wrapped differently: wrap "
            "all of them in the same way"
        )
    configs = [getattr(list(_layers(env))[-1], "config", None) for env in envs]
    if any(config != configs[0] for config in configs):
        raise ExportError(
            "cannot export a model trained in environments of different configs: a "
            "policy file holds the one problem that its features and actions belong to"
        )
    if len(envs) > 1 and single.NormalizeObservation in next(iter(kinds)):
        raise ExportError(
            f"cannot export a model trained in {len(envs)} environments with a "
            "NormalizeObservation each: their statistics differ; use one VecNormalize "
            "around all of them"
        )
    return envs[0]


def _normalisation(layer: Any) -> Normalisation | None:
    """What a layer does to observations, None if nothing.

    Raises:
        ExportError: If it may do something else.
    """
    kind = type(layer)
    if kind in ONLOOKERS or kind in (DummyVecEnv, SyncVectorEnv):
        return None
    if isinstance(layer, VecEnvAdapter):
        if not _overrides(layer, VecEnvAdapter, "reset", "step_async", "step_wait"):
            return None
    elif kind is VecNormalize:
        if not layer.norm_obs:
            return None
        return _statistics(layer, float(layer.clip_obs), layer.normalize_obs)
    elif kind is single.NormalizeObservation:
        return _statistics(layer, np.inf, lambda x: _standardised(layer, x))
    raise ExportError(
        f"cannot export what {kind.__name__} does between environment and network: "
        f"{UNWRAP}"
    )


def _statistics(
    layer: Any, limit: float, normalise: Callable[[NDArray[Any]], NDArray[Any]]
) -> Normalisation:
    rms = layer.obs_rms
    mean = np.array(rms.mean, dtype=np.float64)
    deviation = np.sqrt(np.asarray(rms.var, dtype=np.float64) + layer.epsilon)
    if mean.ndim != 1 or not np.isfinite([mean, deviation, 1.0 / deviation]).all():
        raise ExportError(
            f"cannot export the statistics of {type(layer).__name__}: they are not one "
            "finite mean and variance for each feature"
        )
    return Normalisation(
        mean=mean, deviation=deviation, limit=limit, normalise=normalise
    )


def _standardised(layer: Any, x: NDArray[Any]) -> NDArray[Any]:
    """As Gymnasium's `NormalizeObservation` does it, without counting `x`."""
    rms = layer.obs_rms
    return np.asarray((x - rms.mean) / np.sqrt(rms.var + layer.epsilon), np.float32)


def _overrides(instance: Any, base: type, *methods: str) -> bool:
    """Whether any of the methods is not that of `base`."""
    return any(
        name in vars(instance)
        or getattr(type(instance), name) is not getattr(base, name)
        for name in methods
    )
