import os
import signal

import pytest

from hedge_env.training.train import train as train_module


@pytest.fixture
def stop_at(monkeypatch):
    """Makes the next run stop while it takes that timestep."""
    original = train_module.ProgressCallback

    def arm(timesteps):
        def both(advance, validation):
            class Both(original):
                def _on_step(self):
                    if self.model.num_timesteps == timesteps:
                        os.kill(os.getpid(), signal.SIGINT)
                    return super()._on_step()

            return Both(advance, validation)

        monkeypatch.setattr(train_module, "ProgressCallback", both)

    yield arm
    monkeypatch.undo()
