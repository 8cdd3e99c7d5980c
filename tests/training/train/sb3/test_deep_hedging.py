"""The learner that goes down the slope of a path's net loss along that path."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from hedge_env.base import field
from hedge_env.base.errors import ConfigError
from hedge_env.config import RewardConfig
from hedge_env.config.loading import load_config
from hedge_env.evaluation.evaluate import evaluate_on_tape
from hedge_env.feeds.tape import record_tape
from hedge_env.gym.vector_env import HedgeVectorEnv
from hedge_env.policies.policy_file import load_policy
from hedge_env.training.train.sb3.deep.account import FixedCost, expected_growth
from hedge_env.training.train.sb3.deep.criteria import criterion
from hedge_env.training.train.sb3.deep.deep_hedging import DeepHedging
from hedge_env.training.train.sb3.deep.seen import Sight
from hedge_env.training.train.sb3.export import export_policy, to_policy
from hedge_env.training.train.sb3.market_walk import MarketWalk
from hedge_env.training.train.sb3.vec_env import VecEnvAdapter

BAND = {"action": {"mode": "band_edges", "log_width_range": 1.5}}
SHORT = {
    **BAND,
    "episode": {"decisions": 8},
    "reward": {"name": "entropic"},
    "market": {"gas": None},
    "execution": {"fixed_cost_bp": 0.0, "gas_units": 0.0, "gas_cost_bp": 0.0},
}
WORST = ["reward.name=cvar", "reward.quantile=75"]  # 4 of 16 paths, exactly
SEES_LOSS = "observation.features=[default,net_loss]"


def config_of(*settings, preset="reference", values=SHORT):
    return load_config(preset, values, list(settings))


def cao(*settings, mode="band_edges"):
    """Costs that are proportional alone, liquidation charged."""
    values = {"episode": {"decisions": 8}, "action": {"mode": mode}}
    return load_config("cao-gbm-1m", values, ["reward.name=mean_std", *settings])


def learner(config, n=16, seed=0, **kwargs):
    env = HedgeVectorEnv(n, config=config, autoreset_mode=AutoresetMode.SAME_STEP)
    kwargs = {"batch_size": n, "policy_kwargs": {"net_arch": [8]}, **kwargs}
    return DeepHedging(
        "MlpPolicy", VecEnvAdapter(env), seed=seed, device="cpu", **kwargs
    )


def moved(model, size=0.5, seed=0):
    """The same model with weights that are not those of the start."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.policy.parameters():
            parameter.add_(size * torch.randn_like(parameter))
    return model


def walk_of(config, n=16):
    return MarketWalk(config, n, seed=3, stream="test").play(np.arange(n))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.policy.parameters()])


MARKETS = {
    "band": lambda: cao(),
    "band sees loss": lambda: cao(SEES_LOSS),
    "target": lambda: cao("observation.features=[default,net_loss]", mode="target"),
    "perpetual": lambda: load_config(
        "deribit", {**BAND, "episode": {"decisions": 8}}, WORST
    ),
    "fixed": lambda: config_of("reward.name=objective", values=BAND),
    "options": lambda: load_config(
        "gamma-vega", {}, ["reward.name=mean_std", SEES_LOSS]
    ),
    "options that end": lambda: load_config(
        "gamma-vega",
        {},
        [
            "reward.name=mean_std",
            "execution.option.maturity_days=4",
            "execution.charge_liquidation=true",
            "execution.option.half_spread_points=1",
        ],
    ),
    "options by vega": lambda: load_config(
        "gamma-vega-sabr", {}, [*WORST, SEES_LOSS, "action.neutral=vega"]
    ),
    "option holdings": lambda: load_config(
        "gamma-vega",
        {"action": {"mode": "target"}},
        ["reward.name=mean_std", SEES_LOSS, "execution.fee_bp=5"],
    ),
}


@pytest.mark.parametrize("name", MARKETS)
def test_the_account_is_the_one_of_the_desk(name):
    config = MARKETS[name]()
    model, n = moved(learner(config)), 16
    account = model.follow(walk_of(config))
    tape = record_tape(config, np.arange(n), seed=3, stream="test")
    table = evaluate_on_tape(to_policy(model, config), tape, config)
    assert table.trades.mean() > 1.0
    np.testing.assert_allclose(
        account.loss.detach(), table.net_loss, rtol=1e-5, atol=2e-6
    )
    if not account.units.shape[0]:
        squares = account.objective.detach()
        np.testing.assert_allclose(squares, table.objective, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("settings", [[], ["execution.depth=40"]])
@pytest.mark.parametrize("name", ["band", "fixed", "perpetual"])
def test_two_passes_over_a_path_are_the_account_and_its_slopes(name, settings):
    """The kernels of a band against one tensor operation after the other."""
    config = MARKETS[name]()
    model = moved(learner(config, fixed_cost_width=0.05))
    walk = walk_of(config)
    assert Sight(model._market()).is_alone
    slopes = []
    torch.manual_seed(0)
    ways = torch.randn(3, 16, dtype=torch.float64)
    for sums in (model.sums(walk), model.follow(walk)):
        model.policy.zero_grad()
        parts = (sums.loss, sums.objective, sums.luck)
        sum(
            (way * part).sum() for way, part in zip(ways, parts, strict=True)
        ).backward()
        slopes.append([part.detach().numpy() for part in parts])
        slopes[-1] += [p.grad.numpy().copy() for p in model.policy.parameters()]
    for fast, slow in zip(*slopes, strict=True):
        np.testing.assert_allclose(fast, slow, rtol=1e-4, atol=1e-5 * abs(slow).max())


@pytest.mark.parametrize("name", [name for name in MARKETS if name != "fixed"])
def test_the_slope_is_the_difference_of_the_criterion(name):
    """Along a random direction of all weights; features are float32."""
    config = MARKETS[name]()
    model = moved(learner(config)).policy
    learned, walk = learner(config), walk_of(config)
    learned.policy = model.double()
    acted = learned.policy.forward
    learned.policy.forward = lambda seen: acted(seen.double())
    aversion = torch.full((16,), 20.0, dtype=torch.float64)

    def value():
        account = learned.follow(walk)
        weight = torch.from_numpy(walk.weight)
        paid = account.objective * weight
        return criterion(config.reward, account.loss, paid, aversion)

    value().backward()
    torch.manual_seed(1)
    parameters = list(model.parameters())
    way = [torch.randn_like(p) for p in parameters]
    slope = sum(float((p.grad * d).sum()) for p, d in zip(parameters, way, strict=True))
    step, found = 1e-5, []
    for sign in (1.0, -2.0):
        with torch.no_grad():
            for p, d in zip(parameters, way, strict=True):
                p.add_(sign * step * d)
            found.append(float(value()))
    assert abs(slope) > 1e-3
    assert (found[0] - found[1]) / (2.0 * step) == pytest.approx(slope, rel=5e-3)


def test_luck_has_mean_zero_whatever_is_held():
    for preset in ("reference", "ethereum-l1", "cao-gbm-1m", "poddar-heston"):
        config = load_config(preset, BAND, ["episode.decisions=8"])
        walk = walk_of(config, 4000)
        price = walk.rows[field.SPOT].reshape(-1, 4000)
        growth = expected_growth(config)
        luck = walk.moves.price[:-1] - growth * price[:-1]
        for here in (luck.sum(axis=0), (luck * price[:-1] ** 3).sum(axis=0)):
            assert abs(here.mean()) < 4.0 * here.std() / np.sqrt(4000), preset
    stress = load_config("deribit", BAND, ["market.regime.drift=-1"])
    assert expected_growth(stress) is None


def test_taking_luck_off_changes_no_mean_and_most_of_the_noise():
    config = load_config(
        "ww-ntbn",
        BAND,
        ["reward.name=entropic", "episode.decisions=10"],
    )
    model = moved(learner(config, n=64), 0.1)
    slopes = {True: [], False: []}
    for k in range(40):
        walk = MarketWalk(config, 64, seed=k, stream="test").play(np.arange(64))
        for without_luck, found in slopes.items():
            account = model.follow(walk)
            aversion = torch.full((64,), 0.5, dtype=torch.float64)
            total = criterion(config.reward, account.loss, account.loss, aversion)
            if without_luck:
                total = total + account.luck.mean() * 1e4
            model.policy.zero_grad()
            total.backward()
            found.append(
                np.concatenate([p.grad.flatten() for p in model.policy.parameters()])
            )
    with_it, without = np.array(slopes[False]), np.array(slopes[True])
    gap = (with_it - without).mean(axis=0)
    error = (with_it - without).std(axis=0) / np.sqrt(40)
    seen = error > 0.0
    assert (np.abs(gap[seen]) < 4.5 * error[seen]).all()
    assert without.var(axis=0).sum() < 0.2 * with_it.var(axis=0).sum()


def test_criteria_of_losses_written_by_hand():
    loss = torch.tensor([0.0, 1e-3, 2e-3, 7e-3], dtype=torch.float64)
    paid = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    aversion = torch.full((4,), 50.0, dtype=torch.float64)

    def value(name, **settings):
        reward = RewardConfig(name=name, **settings)
        return float(criterion(reward, loss, paid, aversion))

    assert value("objective") == 3.0
    equivalent = np.log(np.exp([0.0, 0.1, 0.2, 0.7]).mean()) / 100.0
    assert value("entropic") == pytest.approx(1e4 * equivalent)
    assert value("cvar", quantile=75) == pytest.approx(
        1e4 * (3.25e-3 + (7e-3 - 3.25e-3))
    )  # the quantile of NumPy, and what is beyond it
    spread = np.std([0.0, 10.0, 20.0, 70.0], ddof=1)
    assert value("mean_std", deviations=2.0) == pytest.approx(25.0 + 2.0 * spread)
    several = torch.tensor([5.0, 5.0, 5.0, 50.0], dtype=torch.float64)
    mixed = float(criterion(RewardConfig(name="entropic"), loss, paid, several))
    g, each = 2.0 * several.numpy(), loss.numpy()
    assert mixed == pytest.approx(1e4 * (np.expm1(g * each) / g).mean())


def test_a_fixed_cost_has_no_slope_and_the_smooth_one_only_shrinks_trades():
    traded = torch.tensor([0.0, 0.05, -0.2], requires_grad=True, dtype=torch.float64)
    assert FixedCost.apply(traded, 0.0).tolist() == [0.0, 1.0, 1.0]
    (slope,) = torch.autograd.grad(
        FixedCost.apply(traded, 0.0).sum() + 0.0 * traded.sum(), traded
    )
    assert slope.tolist() == [0.0, 0.0, 0.0]
    (slope,) = torch.autograd.grad(FixedCost.apply(traded, 0.1).sum(), traded)
    square = traded.detach() ** 2
    np.testing.assert_allclose(
        slope, 2.0 * traded.detach() * 0.01 / (square + 0.01) ** 2
    )


def test_edges_have_no_slope_where_a_cost_is_fixed():
    """What AHPG sees by a difference, a path's own slope does not."""
    config = config_of("reward.name=objective", values=BAND)
    model = learner(config)
    account = model.follow(walk_of(config))
    account.objective.mean().backward()
    last = model.policy.mu[-2]
    slopes = last.bias.grad.abs()
    assert slopes[3] > 0.0  # targets
    assert slopes[4] > 0.0
    assert slopes[5] == 0.0  # the distance at which a target becomes zero
    assert config.execution.gas_units > 0.0 or config.execution.fixed_cost_bp > 0.0


@pytest.mark.slow
def test_without_cost_it_finds_the_holdings_of_least_risk():
    """Costs 0: delta is best where volatility is constant and steps are short."""
    settings = ["execution.fee_bp=0", "episode.decisions=10", "reward.name=mean_std"]
    values = {
        "action": {"mode": "band_edges", "offset_range": 4.0},
        "episode": {"decision_interval_hours": 24.0},
    }
    config = load_config("ww-ntbn", values, settings)
    model = moved(learner(config, n=256, learning_rate=lambda left: 0.01 * left), 0.1)
    tape = record_tape(config, np.arange(4000), seed=1, stream="test")

    def spread(model):
        table = evaluate_on_tape(to_policy(model, config), tape, config)
        return table.net_loss.std()

    from hedge_env.baselines import BASELINES

    first = spread(model)
    model.learn(150 * 256 * 10)
    best = evaluate_on_tape(BASELINES["delta"](), tape, config).net_loss.std()
    assert first > 1.01 * best
    assert spread(model) < 1.005 * best


def test_what_is_learned_is_a_function_of_the_seed_and_can_be_saved(tmp_path):
    config = cao()
    one, two, other = (learner(config, seed=seed) for seed in (0, 0, 1))
    for model in (one, two, other):
        model.learn(2 * 16 * 8)
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), weights(other))
    one.save(tmp_path / "model.zip")
    again = DeepHedging.load(tmp_path / "model.zip", env=one.get_env(), device="cpu")
    for model in (one, again):
        model.learn(16 * 8, reset_num_timesteps=False)
    assert torch.equal(weights(one), weights(again))
    assert not torch.equal(weights(one), weights(two))


def test_the_exported_policy_sees_what_the_network_saw(tmp_path):
    config = cao(SEES_LOSS)
    model = moved(learner(config))
    export_policy(model, config, tmp_path / "policy.safetensors")
    policy = load_policy(tmp_path / "policy.safetensors")
    assert policy.metadata.algorithm == "deep_hedging"
    names = [feature.name for feature in policy.metadata.features]
    rng = np.random.default_rng(0)
    seen = rng.uniform(-1.0, 1.0, (100, len(names))).astype(np.float32)
    actions, _ = model.predict(seen)
    np.testing.assert_allclose(policy.act(seen), actions, atol=1e-5)
    for name, matters in (("net_loss", True), ("holdings", False), ("delta", True)):
        other = seen.copy()
        other[:, names.index(name)] += 0.5
        changed = np.abs(model.predict(other)[0] - actions).max() > 1e-6
        assert changed == matters, name


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (["execution.permanent_impact=.1"], r"execution\.permanent_impact"),
        (["execution.lot=.1"], r"execution\.lot"),
        (["execution.latency_steps=1"], r"execution\.latency_steps"),
        (["action.mode=band"], r"action\.mode band_edges and target, not band"),
        (["reward.name=kolm_ritter"], r"reward\.name = kolm_ritter"),
    ],
)
def test_what_has_no_slope_is_refused(settings, key):
    with pytest.raises(ConfigError, match=key):
        learner(config_of(*settings))


def test_a_width_that_is_none_is_refused():
    with pytest.raises(ConfigError, match="fixed_cost_width = -1"):
        learner(cao(), fixed_cost_width=-1.0)
    with pytest.raises(ConfigError, match=r"set reward\.name = mean_std"):
        learner(load_config("gamma-vega", {}, ["reward.name=objective"]))
