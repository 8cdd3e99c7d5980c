"""Digests of one batch of episodes per preset.

A digest that changes means that the same seed gives other numbers: results that
people have published cannot be repeated. That needs a new version of the environment
id (`Hedge...-v1`) and a line in its version history, unless nothing has been released.
`python -m tests.episodes.test_golden [PRESET ...]` prints the present digests.
"""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import pytest

from hedge_env.base.account_rows import TOTALS
from hedge_env.base.field import FIELDS
from hedge_env.config.loading import PRESETS, load_config
from hedge_env.desk.batch import HedgeBatch

DIGESTS = {
    "allocation": "3fe263a9310e86e43046dc5521dc3fc7",
    "buehler-heston": "dc4ffd02665553d08d76518d6b63f84f",
    "calm": "ad36aadd33eb57213c2589e55a704805",
    "cao-gbm-1m": "2b7af745c15d5c5f82897e3ec4eedbd7",
    "cao-gbm-3m": "5fd19df89d6c56cdf3eb528152804f27",
    "cao-sabr-1m": "661c53ffee90731587f6937190e0f4ea",
    "cao-sabr-3m": "87b3d2c6d5958dbe64e2bef5234af255",
    "cascade": "749ec36336e332a4d70d2dbab7ccf972",
    "covered-call-vault": "30a13ff6bcc4366d4aafd78892411ca3",
    "crash": "aa9f5c2d2eb9512b6addf3ca341d6788",
    "deribit": "a6264ff8799ffa9f73484a4c5230ecac",
    "deribit-inverse": "aab38edb4cfd3ad8ac0e576c876f1936",
    "deribit-portfolio-margin": "45dc7e5a26a44974212fd77643be70d0",
    "deribit-wide": "cf105c68bef828278b43f2bc5b9d78c3",
    "derman-kamal": "3a2ef5ea95e513e50b0d94753daf0026",
    "ethereum-l1": "63fa2a269c7aa724a1dc1a9a74ccf105",
    "ethereum-l1-2021": "45f1c7cc0510bfae02030d9055c226c2",
    "ethereum-l1-2026": "2244c34b178336a08ce262419522d1de",
    "ethereum-l1-adverse": "4cb6cf9c2b435a4b5cd7caff262bf3cc",
    "ethereum-l1-forecasts": "63fa2a269c7aa724a1dc1a9a74ccf105",
    "ethereum-l1-wide": "a5d0ce00ab5b274e035772610e687b6d",
    "ethereum-l2": "2d3070883985b83e137a9cf76a6e71b3",
    "everlasting-option": "f4f4e713e15dfc37d2c3a9a84947ad6b",
    "gamma-vega": "3c94987a108156ecfe86ded9695a2030",
    "gamma-vega-sabr": "d9e2fa5e82d7f67adacdc7cb9d21b977",
    "hyperliquid": "dbd5c12e63978f44e8c4a9c74be643d8",
    "keeper-vault": "53f6ccc8555de42d4ac79824d9d434d8",
    "lp-eth-usdc": "284d817d47ed0e547bd646563730166a",
    "lp-eth-usdc-range": "457e4c198cf822eb9bc1ff6111838fd0",
    "lp-recentred": "61be754fa431e993ca03d03ce135ba2b",
    "maggiolo": "268fb93fde2bcafaa99a56f296e96b07",
    "options-amm": "8976d1bfe878aa7698d7d2d6f8d84234",
    "perp-liquidation": "cfb58af19c435a29309b4bb547126c89",
    "poddar-heston": "8f474954123ce3d478c88102ce281cc1",
    "reference": "ec577a030a6d78f084c2a398b37fc4bc",
    "reference-gas": "da97b13d9cbb0f27fb0c305682d5ae99",
    "short-squeeze": "1c101c2e43dac9cf71e641afa52c42ec",
    "split-venues": "e4e7db0e3217556779b130b54f114f22",
    "squeeth": "e5e3b036ea0038d38c35d78a46faa179",
    "streaming-straddle": "eb978aa08174fe402acde5758d89b1bc",
    "two-chains": "62855113fb24e018b333e4b1cf1307e4",
    "ww-ntbn": "d2ba0af81b09eda54ab5d6b0ac80ec06",
}
N_PATHS = 16

# Rows of the first release: later ones are no part of the digests.
ROWS = """
    spot book_value delta gamma vega log_moneyness implied_volatility
    realised_volatility true_volatility skew fixed_cost mean_fixed_cost gas_cost
    half_spread proportional_cost impact_linear impact_sqrt gas_price log_gas
    hour_sin hour_cos funding_rate funding_accrued time_to_maturity time_fraction
    step holdings steps_since_trade risk_aversion log_risk_aversion
    band_risk_aversion band_half_width band_inner band_position hedge_error worth
"""
SUMS = """
    fee spread impact gas fixed funding hedge_pnl book_pnl squared_increments trades
    turnover cash
"""


def digest(preset: str) -> str:
    """Start of the SHA-256 of the rows at every decision and of the totals."""
    batch = HedgeBatch(load_config(preset), N_PATHS, seed=0, stream="test")
    batch.reset(np.arange(N_PATHS))
    rows = [FIELDS.index(name) for name in ROWS.split()]
    rows += range(len(FIELDS), batch.rows.shape[0])  # of listed options
    sums = [TOTALS.index(name) for name in SUMS.split()]
    result = hashlib.sha256(batch.rows[rows].astype("<f8").tobytes())
    for step in range(batch.n_decisions):
        seen = batch.observables()
        # Every third decision trades part of the way to delta.
        target = seen["holdings"].copy()
        if step % 3 == 0:
            target = 0.25 * target + 0.75 * seen["delta"]
        columns = [target]
        if "rollup_holdings" in seen:  # and a quarter of it on the rollup
            columns.append(0.25 * target)
        elif batch.n_instruments > 1:  # and options, a third of what gamma needs
            units = seen["gamma"] / (3.0 * seen["option_gamma"])
            columns.append(seen["option_holdings"] + units)
        batch.advance(np.stack(columns, axis=1))
        result.update(batch.rows[rows].astype("<f8").tobytes())
    result.update(batch.totals.rows[sums].astype("<f8").tobytes())
    return result.hexdigest()[:32]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_seed_gives_the_numbers_of_the_first_release(preset: str) -> None:
    assert digest(preset) == DIGESTS[preset]


def test_every_preset_has_a_digest() -> None:
    assert set(DIGESTS) == set(PRESETS)


if __name__ == "__main__":
    for name in sys.argv[1:] or PRESETS:
        sys.stdout.write(f'    "{name}": "{digest(name)}",\n')
