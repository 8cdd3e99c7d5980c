"""A comparison with invented numbers, which is there at once."""

import numpy as np

from hedge_env.base.account_rows import N_COMPONENTS
from hedge_env.baselines import BASELINES
from hedge_env.config.loading import load_config
from hedge_env.evaluation.attribution import PNL_PARTS, Attribution
from hedge_env.evaluation.evaluate import EpisodeTable
from hedge_env.training.results.measurement import Comparison
from hedge_env.training.results.summary import Contender, build_summary

# Name, kind, mean cost at risk aversion 10, tracking error there [bp].
INVENTED = (
    ("no-hedge", "baseline", 0.0, 1250.0),
    ("delta", "baseline", 421.0, 82.0),
    ("time-based", "baseline", 53.0, 172.0),
    ("delta-threshold", "baseline", 36.1, 140.6),
    ("volatility-interval", "baseline", 51.0, 170.0),
    ("volatility-band", "baseline", 35.5, 139.0),
    ("whalley-wilmott", "baseline", 33.9, 138.0),
    ("fixed-cost-band", "baseline", 32.3, 139.0),
    ("an <agent> & $x$", "agent", 30.4, 141.0),
)


def comparison(
    risk_aversions: tuple[float, ...] = (2.0, 10.0, 50.0),
    preset: str = "reference",
    n_paths: int = 2000,
    invented: tuple[tuple[str, str, float, float], ...] = INVENTED,
    attributed: bool = True,
) -> Comparison:
    config = load_config(preset)
    random = np.random.default_rng(0)
    contenders, tables, policies = [], [], []
    for level in risk_aversions:
        scale = (level / 10.0) ** 0.33
        noise = random.standard_normal(n_paths)
        for name, kind, cost_bp, error_bp in invented:
            if kind == "agent" and level != 10.0:
                continue
            cost = cost_bp * scale * 1e-4 * np.exp(0.2 * noise - 0.02)
            shares = np.arange(N_COMPONENTS) % 3
            own_noise = noise + 0.2 * random.standard_normal(n_paths)
            error = error_bp * 1e-4 / scale**0.7
            contenders.append(
                Contender(
                    name=name,
                    kind=kind,
                    params={} if kind == "agent" else {"half_width": 0.12345},
                    risk_aversion=level,
                    source="runs/x/policy.safetensors" if kind == "agent" else None,
                )
            )
            tables.append(
                EpisodeTable(
                    policy=name,
                    kind="agent" if kind == "agent" else "baseline",
                    path_id=np.arange(n_paths),
                    risk_aversion=np.full(n_paths, level),
                    cost_components=np.outer(shares / shares.sum(), cost),
                    tracking=error * own_noise,
                    squared_increments=error**2 * random.chisquare(20, n_paths) / 20,
                    trades=random.poisson(9.0 * scale, n_paths).astype(float),
                    turnover=np.full(n_paths, 1.5),
                )
            )
            policies.append(BASELINES["delta-threshold"]())
    parts = dict(zip(PNL_PARTS, (3.0, -410.0, 412.0, 0.0, -1.5), strict=True))
    attribution = Attribution(
        n_episodes=500,
        pnl_bp=parts,
        pnl_std_bp=dict.fromkeys(PNL_PARTS, 20.0),
        mean_error=-0.0123,
        mean_absolute_error=0.0456,
        trades_by_time=np.linspace(0.5, 1.4, 10).tolist(),
        trades_by_gas=None if preset == "reference" else [0.9] * 10,
    )
    summary = build_summary(
        contenders,
        tables,
        preset=config.name,
        seed=0,
        premium_bp=914.3,
        config=config.model_dump(mode="json"),
        criterion="objective",
        validation_episodes=20_000,
        validation=[float(table.objective.mean() * 1e4) for table in tables],
        attributions=[attribution] * len(tables) if attributed else None,
    )
    return Comparison(
        summary, config, tuple(contenders), tuple(policies), tuple(tables)
    )
