"""From a Stable-Baselines3 model to a policy that needs neither SB3 nor torch.

A policy file holds what its environment observes, an optional normalisation, LSTM
layers if there are any, a feed-forward network and how its output becomes an action. A
model that does more is refused in a sentence, and every policy is compared with its
model on sampled observations before it leaves this module.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import FlattenExtractor, MlpExtractor
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork
from stable_baselines3.sac.policies import Actor as SACActor
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import Actor as TD3Actor
from stable_baselines3.td3.policies import TD3Policy
from torch import nn

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.observations import ObservationEncoder
from hedge_env.base.types import FloatArray
from hedge_env.config import EnvConfig
from hedge_env.policies.learned_policy import LearnedPolicy
from hedge_env.policies.lstm import N_GATES
from hedge_env.policies.policy_file import describe_policy, save_policy
from hedge_env.policies.policy_metadata import (
    Activation,
    PolicyMetadata,
    Squash,
    feature_records,
)
from hedge_env.training.experiment.hyperparameters import ALGORITHMS
from hedge_env.training.train.sb3.band_policy import BandPolicy
from hedge_env.training.train.sb3.contrib.lstm import lstm_layers
from hedge_env.training.train.sb3.contrib.normalisation import without_normalisation
from hedge_env.training.train.sb3.contrib.package import contrib_classes
from hedge_env.training.train.sb3.observation_chain import (
    UNWRAP,
    ExportError,
    ObservationChain,
    observation_chain,
)

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]

ACTIVATION_NAMES: dict[Any, Activation] = {nn.Tanh: "tanh", nn.ReLU: "relu"}
# What each class may be: itself, or a subclass that only has another `__init__`.
STANDARD = (ActorCriticPolicy, SACPolicy, TD3Policy, DQNPolicy, BandPolicy)
N_SAMPLES = 256  # observations on which model and policy are compared
N_DECISIONS = 3  # in a row, of a policy that remembers
LARGE_INPUT = 100.0  # of a network; beyond it, rounding of float32 shows
TOLERANCE = 1e-4  # of an action, or of a choice's value relative to the largest


class Actor(NamedTuple):
    """The part of a model that acts, as plain data."""

    layers: list[Layer]  # weight (outputs, inputs) and bias (outputs,)
    activation: Activation
    squash: Squash
    lstm: Sequence[Layer] = ()  # before the layers


def export_policy(
    model: BaseAlgorithm,
    config: EnvConfig,
    path: Path,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Write the deterministic policy of a model as a policy file.

    A `VecNormalize` or `NormalizeObservation` around the model's environment goes into
    the file, with its present statistics.

    Args:
        model: A PPO, A2C, SAC, TD3, DDPG, DQN, AHPG or DeepHedging model, or a TRPO,
            TQC or CrossQ of sb3-contrib, with `MlpPolicy`, or a RecurrentPPO of it
            with `MlpLstmPolicy`; and with its environment.
        config: The hedging problem it was trained on.
        path: Where to; an existing file is replaced in one move.
        notes: Short texts that the file is to keep, for example the seed.

    Raises:
        ExportError: If the model does what a policy file cannot hold; nothing is
            written.
    """
    policy = to_policy(model, config, notes)
    save_policy(path, policy.layers, policy.metadata, policy.lstm)


def to_policy(
    model: BaseAlgorithm, config: EnvConfig, notes: Mapping[str, str] | None = None
) -> LearnedPolicy:
    """The deterministic policy of a model, as `export_policy` would write it.

    Raises:
        ExportError: As `export_policy`.
    """
    chain = observation_chain(model.get_env())
    _check_problem(model, chain.config, config)
    actor = extract_actor(model)
    described = _describe(model, actor, chain, config, notes or {})
    policy = LearnedPolicy(described, actor.layers, lstm=actor.lstm)
    _check_actions(model, chain, policy)
    return policy


def extract_actor(model: BaseAlgorithm) -> Actor:
    """Copy the layers that map observations to deterministic actions.

    Raises:
        ExportError: If the network is none that a policy file can hold.
    """
    policy: Any = model.policy
    recurrent: Any = contrib_classes("ppo_recurrent.policies.MlpLstmPolicy")
    policies = contrib_classes("tqc.policies.TQCPolicy", "crossq.policies.CrossQPolicy")
    _require(policy, *recurrent, *STANDARD, *policies)
    if isinstance(policy, ActorCriticPolicy):
        lstm = lstm_layers(policy.lstm_actor) if isinstance(policy, recurrent) else []
        return _actor_critic_actor(policy)._replace(lstm=lstm)
    if isinstance(policy, DQNPolicy):
        _require(policy.q_net, QNetwork)
        _require(policy.q_net.features_extractor, FlattenExtractor)
        return _actor(policy.q_net.q_net, "none")
    if isinstance(policy, BandPolicy):
        return _band_actor(policy)
    actors = contrib_classes("tqc.policies.Actor", "crossq.policies.Actor")
    actor: Any = policy.actor
    _require(actor, SACActor, TD3Actor, *actors)
    _require(actor.features_extractor, FlattenExtractor)
    if isinstance(policy, (SACPolicy, *policies)):
        layers = [*actor.latent_pi, actor.mu]
        return _actor(without_normalisation(layers), "tanh")
    *modules, last = actor.mu
    _require(last, nn.Tanh)
    return _actor(modules, "tanh")


def _actor_critic_actor(policy: ActorCriticPolicy) -> Actor:
    _require(policy.pi_features_extractor, FlattenExtractor)
    _require(policy.mlp_extractor, MlpExtractor)
    modules = [*policy.mlp_extractor.policy_net, policy.action_net]
    if not isinstance(policy.action_space, spaces.Box):
        return _actor(modules, "none")
    # SB3 clips what it samples to the bounds of the space, unless it squashes.
    return _actor(modules, "tanh" if policy.squash_output else "clip")


def _band_actor(policy: BandPolicy) -> Actor:
    *modules, last = policy.mu
    _require(last, nn.Tanh)
    actor = _actor(modules, "tanh")
    actor.layers[0][0][...] *= policy.mask.cpu().numpy()  # features left out
    return actor


def _require(part: nn.Module, *allowed: type[nn.Module]) -> None:
    """Refuse a part of a model that may compute something of its own."""
    kind = type(part)
    base = next((known for known in allowed if isinstance(part, known)), None)
    if base is not None:
        between = kind.__mro__[: kind.__mro__.index(base)]
        names = {
            name for cls in between for name, v in vars(cls).items() if callable(v)
        }
        if names <= {"__init__"} and not _is_hooked(part):
            return
    raise ExportError(
        f"cannot export a {kind.__name__}: a policy file holds the feed-forward "
        f"network of SB3's own MlpPolicy, without a features extractor; {UNWRAP}"
    )


def _is_hooked(module: nn.Module) -> bool:
    """Whether a call of the module does more than its class says."""
    hooks = (module._forward_hooks, module._forward_pre_hooks)
    return any(hooks) or "forward" in vars(module)


def _actor(modules: Iterable[nn.Module], squash: Squash) -> Actor:
    """Linear layers with one kind of activation between each two of them."""
    layers: list[Layer] = []
    kinds: list[type[nn.Module]] = []
    for module in modules:
        kinds.append(type(module))
        if type(module) is nn.Linear:
            layers.append(_copied(module))
        elif type(module) not in ACTIVATION_NAMES:
            raise ExportError(
                f"cannot export a layer {type(module).__name__}: a policy file holds "
                f"Linear layers with Tanh or ReLU between them; {UNWRAP}"
            )
    activations = {ACTIVATION_NAMES[kind] for kind in kinds[1::2] if kind != nn.Linear}
    if len(activations) > 1:
        raise ExportError(
            "cannot export layers with different activations: use one of Tanh and ReLU"
        )
    if any((kind is nn.Linear) != (i % 2 == 0) for i, kind in enumerate(kinds)):
        raise ExportError(
            "cannot export layers that do not take turns with activations: put one "
            "after each Linear layer but the last"
        )
    return Actor(layers, next(iter(activations), "tanh"), squash)


def _copied(module: nn.Linear) -> Layer:
    weight = module.weight.detach().cpu().numpy().astype(np.float32)  # a copy
    if module.bias is None:
        return weight, np.zeros(len(weight), dtype=np.float32)
    return weight, module.bias.detach().cpu().numpy().astype(np.float32)


def _describe(
    model: BaseAlgorithm,
    actor: Actor,
    chain: ObservationChain,
    config: EnvConfig,
    notes: Mapping[str, str],
) -> PolicyMetadata:
    encoder = ObservationEncoder(config)
    return describe_policy(
        config,
        algorithm=_algorithm(model),
        lstm=[len(bias) // N_GATES for _, bias in actor.lstm],
        hidden_layers=[len(bias) for _, bias in actor.layers[:-1]],
        activation=actor.activation,
        squash=actor.squash,
        scaling=chain.scaling(encoder.low, encoder.high),
        notes={**notes, "timesteps": str(model.num_timesteps)},
    )


def _algorithm(model: BaseAlgorithm) -> str:
    """The name of an algorithm in configs, or else that of its class."""
    name = type(model).__name__.lower()
    return {known.replace("_", ""): known for known in ALGORITHMS}.get(name, name)


def _check_problem(model: BaseAlgorithm, own: EnvConfig, config: EnvConfig) -> None:
    """Refuse a config whose observations or actions are not those of the model."""
    encoder, decoder = ObservationEncoder(config), ActionDecoder(config)
    space, actions = model.observation_space, model.action_space
    fits = isinstance(space, spaces.Box) and space.shape == encoder.low.shape
    if decoder.n_choices is not None:
        fits = fits and actions == spaces.Discrete(decoder.n_choices)
    else:
        fits = fits and actions == spaces.Box(-1.0, 1.0, decoder.shape, np.float32)
    same_inputs = feature_records(own) == feature_records(config)
    if not (fits and same_inputs and own.action == config.action):
        raise ExportError(
            "the model was not trained on the observations and actions of this "
            "config: pass the config of its environment, env.config"
        )


def _check_actions(
    model: BaseAlgorithm, chain: ObservationChain, policy: LearnedPolicy
) -> None:
    """Compare the policy with `model.predict` on observations within their bounds.

    A third each all over their range, near its middle, and where the normalisation
    has seen them. Sums of large inputs are rounded, so those may differ by more.
    """
    encoder = ObservationEncoder(policy.config)
    random = np.random.default_rng(0)
    low, high = encoder.low, encoder.high
    centre, width = 0.5 * (low + high), 0.5 * (high - low)
    seen = [(s.offset, s.deviation) for s in policy.metadata.scaling]
    usual, spread = np.array(seen).T if seen else (centre, 0.01 * width)
    places = [(centre, width), (centre, 0.1 * width), (usual, spread)]
    draws = random.uniform(-1.0, 1.0, (len(places), N_SAMPLES, low.size))
    tried = [middle + u * w for u, (middle, w) in zip(draws, places, strict=True)]
    observations = np.clip(np.concatenate(tried), low, high).astype(np.float32)
    state: Any = None
    missing = []
    policy.reset(len(observations))
    for _ in range(N_DECISIONS if policy.remembers else 1):
        inputs = chain(observations)
        expected, state = model.predict(inputs, state=state, deterministic=True)
        rounding = np.maximum(1.0, np.abs(inputs).max(axis=1) / LARGE_INPUT)
        missing.append(_missing(policy, observations, expected) / rounding)
        observations = random.permutation(observations)
    policy.reset(0)
    if not np.max(missing) <= TOLERANCE:
        raise ExportError(
            "the exported policy would act differently from the model (by "
            f"{np.max(missing):.2g} on sampled observations), so it does more than its "
            "layers say: export one with SB3's own MlpPolicy"
        )


def _missing(
    policy: LearnedPolicy, observations: NDArray[np.float32], expected: NDArray[Any]
) -> FloatArray:
    """How far the actions of a policy are from those of its model, shape (n,)."""
    if policy.metadata.action_mode != "discrete":
        return np.asarray(np.abs(policy.act(observations) - expected).max(axis=1))
    values = policy.outputs(observations)
    chosen = np.take_along_axis(values, expected[:, None], axis=1)[:, 0]
    return np.asarray(
        (values.max(axis=1) - chosen) / (1.0 + np.abs(values).max(axis=1))
    )
