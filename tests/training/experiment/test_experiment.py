import pytest
import yaml

from hedge_env.base.errors import ConfigError
from hedge_env.training.experiment.experiment import (
    check_same_run,
    load_experiment,
    read_resolved,
)
from tests.support.checkout import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
PPO = {"total_timesteps": 1000, "n_envs": 4, "n_steps": 10, "batch_size": 20}


def write(path, document):
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.fixture
def file(tmp_path):
    def make(train=PPO, **blocks):
        document = {"preset": "reference", **blocks, "train": train}
        return write(tmp_path / "exp.yaml", document)

    return make


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_is_valid(path):
    experiment = load_experiment(path)
    assert experiment.name == path.stem
    assert experiment.env_config().name


def test_a_resolved_experiment_is_the_same_experiment(file, tmp_path):
    experiment = load_experiment(file(env={"execution": {"fee_bp": 3.0}}))
    path = write(tmp_path / "config.yaml", experiment.resolved())
    again = read_resolved(path)
    assert again.resolved() == experiment.resolved()
    assert again.env_config() == experiment.env_config()
    assert again.env_config().execution.fee_bp == 3.0
    check_same_run(experiment, path)


def test_settings_reach_the_learner_and_the_market(file):
    settings = ("train.n_epochs=7", "execution.fee_bp=9", "book.legs.0.quantity=-2")
    experiment = load_experiment(file(), settings, seed=5, total_timesteps=77)
    assert experiment.train.n_epochs == 7
    assert experiment.train.total_timesteps == 77
    assert experiment.seed == 5
    assert experiment.env_config().execution.fee_bp == 9.0
    assert experiment.env_config().book.legs[0].quantity == -2.0


def test_a_range_of_risk_aversions_is_balanced_unless_told_otherwise(file):
    def rewards(path, **options):
        config = load_experiment(path, **options).env_config()
        return config.risk_aversions[0], config.reward.balanced

    assert rewards(file(), risk_aversion={"low": 2.0, "high": 50.0}) == (2.0, True)
    assert rewards(file(), risk_aversion=7.0) == (7.0, False)
    wide = {"risk_aversion": [3, 5]}
    assert rewards(file(env=wide)) == (3.0, True)
    assert rewards(file(env=wide), risk_aversion=7.0) == (7.0, False)
    assert rewards(file(), settings=["risk_aversion=[4, 5]"]) == (4.0, True)
    plain = {**wide, "reward": {"balanced": False}}
    assert rewards(file(env=plain)) == (3.0, False)
    assert rewards(file(env=wide), settings=["reward.balanced=false"]) == (3.0, False)
    other = {**wide, "reward": {"name": "kolm_ritter"}}
    assert rewards(file(env=other)) == (3.0, False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algorithm": "pp0"}, "did you mean ppo"),
        ({"n_epoch": 3}, "n_epoch is unknown; did you mean n_epochs"),
        ({"batch_size": 33}, r"batch_size = 33 must divide n_envs \* n_steps = 40"),
        ({"envs_per_path": 3}, "n_envs = 4 must be a multiple of envs_per_path = 3"),
        ({"log_std_end": None}, "both log_std_start and log_std_end"),
        ({"gamma": 1.5}, "gamma .* less than or equal to 1"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"n_envs": "many"}, "n_envs"),
        ({"algorithm": "sac"}, "is unknown"),
    ],
)
def test_a_mistake_is_one_line_with_the_key(file, changes, message):
    path = file({**PPO, **changes})
    with pytest.raises(ConfigError, match=message) as caught:
        load_experiment(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ({"preset": "refrence"}, "did you mean reference"),
        ({"env": {"execution": {"fee": 1}}}, "did you mean fee_bp"),
        ({"trian": {}}, "did you mean train"),
        ({"name": "../escape"}, "name"),
    ],
)
def test_a_mistake_outside_the_learner_is_one_line_too(file, blocks, message):
    with pytest.raises(ConfigError, match=message):
        load_experiment(file(**blocks))


def test_a_missing_file_and_a_missing_block_are_config_errors(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        load_experiment(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="block train is missing"):
        load_experiment(write(tmp_path / "x.yaml", {"preset": "reference"}))


@pytest.mark.parametrize(
    "setting",
    [
        "train={}",
        "env={}",
        "market.volatility={}",
        "env.market.volatility={}",
        "env.market={volatility: {}}",
        "env={market: {volatility: {}}}",
    ],
)
def test_an_empty_mapping_that_changes_nothing_is_refused(file, setting):
    with pytest.raises(ConfigError, match=r"is an empty mapping, which changes noth"):
        load_experiment(file(), (setting,))


def test_a_key_of_the_environment_may_begin_with_env(file):
    def env(*settings):
        return load_experiment(file(), settings).env_config()

    assert env("env.execution.fee_bp=9") == env("execution.fee_bp=9")
    assert env("env.book.legs.0.quantity=-2") == env("book.legs.0.quantity=-2")
    assert env("execution.fee_bp=8", "env.execution.fee_bp=9").execution.fee_bp == 9.0
    assert env("env.execution.fee_bp=9", "execution.fee_bp=8").execution.fee_bp == 8.0
    both = env("env.execution.fee_bp=9", "execution={fixed_cost_bp: 1}").execution
    assert (both.fee_bp, both.fixed_cost_bp) == (9.0, 1.0)


def test_a_setting_that_drops_one_before_it_is_refused(file):
    with pytest.raises(
        ConfigError, match=r"--set train=null contradicts --set train.n_"
    ):
        load_experiment(file(), ("train.n_epochs=3", "train=null"))
    later = load_experiment(file(), ("train.n_epochs=3", "train={n_epochs: 4}"))
    assert later.train.n_epochs == 4


def test_a_run_continues_only_with_its_own_experiment(file, tmp_path):
    experiment = load_experiment(file())
    path = write(tmp_path / "config.yaml", experiment.resolved())
    longer = load_experiment(file(), total_timesteps=2000)
    check_same_run(longer, path)
    check_same_run(load_experiment(file(), ("report.currency=EUR",)), path)
    other = load_experiment(file(), ("execution.fee_bp=9",))
    with pytest.raises(ConfigError, match=r"env\.execution\.fee_bp = 5.0, not 9.0"):
        check_same_run(other, path)


@pytest.mark.parametrize("key", ["seed", "name", "preset", "train.n_steps"])
def test_an_empty_mapping_for_a_value_is_refused(tmp_path, key):
    path = tmp_path / "exp.yaml"
    path.write_text("train: {total_timesteps: 100, n_steps: 10, batch_size: 10}")
    with pytest.raises(ConfigError, match=r"--set: .*, not \{\}"):
        load_experiment(path, [f"{key}={{}}"])


def test_what_is_missing_is_missing_in_the_file(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("train: {total_timesteps: 100}")
    with pytest.raises(ConfigError, match=r"exp.yaml: train: .* is missing"):
        load_experiment(path, ["execution.fee_bp=3", "train.n_epochs=3"], seed=3)


def test_spaces_beside_the_dots_of_a_key_say_nothing(tmp_path):
    path = tmp_path / "exp.yaml"
    path.write_text("train: {total_timesteps: 100, n_steps: 10, batch_size: 10}")
    settings = [" execution . fee_bp = 3", "train . n_epochs=2"]
    spaced = load_experiment(path, settings)
    assert spaced.env == {"execution": {"fee_bp": 3}}
    assert spaced.train.n_epochs == 2
