"""A few paths of the full-feature market, printed as exact numbers.

Run by `test_compilation.py` in processes with other settings of the compiler.
"""

from __future__ import annotations

import json
import sys

import numpy as np

from hedge_env.agent.actions import ActionDecoder
from hedge_env.agent.observations import ObservationEncoder
from hedge_env.desk.batch import HedgeBatch
from tests.support.examples import full_config


def small_episode(n_paths: int) -> dict[str, list[str]]:
    """Rows, records, observations and totals of short episodes, in hexadecimal."""
    config = full_config("episode.decisions=4", "book.legs.2.maturity_days=0.5")
    batch = HedgeBatch(config, n_paths, seed=3)
    encoder = ObservationEncoder(config)
    decoders = [ActionDecoder(config, "band"), ActionDecoder(config, "band_free")]
    batch.reset(np.arange(n_paths))
    rng, values = np.random.default_rng(0), {"rows": [batch.rows.copy()]}
    values |= {"records": [], "observations": []}
    for step in range(4):
        action = rng.uniform(-1.0, 1.0, (n_paths, 3))
        record = batch.advance(decoders[step % 2].decode(action, batch.rows))
        values["rows"].append(batch.rows.copy())
        values["records"].append(np.vstack(record))
        values["observations"].append(encoder.encode(batch.rows))
    batch.reset(np.arange(n_paths) + 50, mask=np.arange(n_paths) % 2 == 0)
    values["rows"].append(batch.rows.copy())
    values["totals"] = [batch.totals.rows]
    return {
        name: [float(x).hex() for x in np.concatenate([np.ravel(a) for a in arrays])]
        for name, arrays in values.items()
    }


if __name__ == "__main__":
    json.dump(small_episode(int(sys.argv[1])), sys.stdout)
