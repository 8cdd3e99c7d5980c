"""What an experiment says of markets other than its own."""

import pytest
import yaml

from hedge_env.base.errors import ConfigError
from hedge_env.config.loading import load_config
from hedge_env.training.experiment.experiment import load_experiment
from hedge_env.training.experiment.in_market import in_market
from tests.support.checkout import ROOT

TRAIN = {"total_timesteps": 1000, "n_envs": 4, "n_steps": 10, "batch_size": 20}
DERIBIT = {"env": {"action": {"centre_funding": 1.0}}, "train": {"n_epochs": 7}}
SAYS_MORE = [
    (path, name)
    for path in sorted((ROOT / "configs").glob("*.yaml"))
    for name in yaml.safe_load(path.read_text()).get("presets", {})
]


@pytest.fixture
def file(tmp_path):
    def make(presets):
        path = tmp_path / "exp.yaml"
        document = {"preset": "reference", "train": TRAIN, "presets": presets}
        path.write_text(yaml.safe_dump(document))
        return path

    return make


def test_what_is_said_of_a_market_holds_there_alone(file):
    path = file({"deribit": DERIBIT})
    here, there = (
        load_experiment(path, [f"preset={p}"]) for p in ("squeeth", "deribit")
    )
    assert load_experiment(path).train == here.train
    assert there.train == here.train.model_copy(update={"n_epochs": 7})
    assert here.env == {}
    assert there.env_config().action.centre_funding == 1.0
    assert "presets" not in there.resolved()


def test_a_setting_wins_over_it(file):
    path = file({"deribit": DERIBIT})
    settings = ["train.n_epochs=3", "action.centre_funding=0.5", "preset=deribit"]
    experiment = load_experiment(path, settings)
    assert experiment.train.n_epochs == 3
    assert experiment.env_config().action.centre_funding == 0.5


def test_it_holds_where_the_market_comes_from_elsewhere(file):
    config = load_config("deribit", {"risk_aversion": 3.0})
    moved = in_market(str(file({"deribit": DERIBIT})), config, seed=2)
    assert moved.train.n_epochs == 7
    assert moved.env_config().action.centre_funding == 1.0
    assert moved.env_config().risk_aversion == 3.0


def test_it_holds_in_the_market_that_a_file_does_not_name(tmp_path):
    path = tmp_path / "exp.yaml"
    document = {"train": TRAIN, "presets": {"reference": DERIBIT}}
    path.write_text(yaml.safe_dump(document))
    assert load_experiment(path).train.n_epochs == 7
    assert load_experiment(path, ["preset=squeeth"]).train.n_epochs != 7


def test_it_holds_no_more_where_a_setting_takes_the_market_away(file):
    path = file({"reference": DERIBIT})
    assert load_experiment(path).train.n_epochs == 7
    away = load_experiment(path, ["preset=null"])
    assert away.preset is None
    assert away.train.n_epochs != 7
    assert away.env == {}


def test_a_setting_picks_entries_of_the_list_that_holds_there(file):
    path = file({"deribit": {"train": {"net_arch": [8, 4, 2]}}})
    there = ["preset=deribit", "train.net_arch.2=5"]
    assert load_experiment(path, there).train.net_arch == (8, 4, 5)
    moved = load_experiment(path, ["train.net_arch.0=5"], market="deribit")
    assert moved.train.net_arch == (5, 4, 2)


@pytest.mark.parametrize("market", ["[deribit]", "{deribit: 1}", "{}", "3"])
def test_a_market_that_is_no_name_is_refused_in_one_sentence(file, market):
    path = file({"deribit": DERIBIT})
    with pytest.raises(ConfigError, match="--set: preset must be a string, not"):
        load_experiment(path, [f"preset={market}"])
    path.write_text(path.read_text().replace("preset: reference", f"preset: {market}"))
    with pytest.raises(ConfigError, match=r"line .: preset must be a string, not"):
        load_experiment(path)


@pytest.mark.parametrize(
    ("presets", "message"),
    [
        (["deribit"], "presets must be a mapping"),
        ({"derbit": DERIBIT}, "presets.derbit is no preset; did you mean deribit"),
        (
            {"squeeth": 3},
            "presets.squeeth must be a mapping with the blocks env, train",
        ),
        ({"squeeth": {"seed": 3}}, "presets.squeeth must be a mapping with the blocks"),
        (
            {"deribit": {"train": 3}},
            "env and train of presets.deribit must be mappings",
        ),
        (
            {"deribit": {"train": {"n_epoch": 3}}},
            "presets.deribit: train: line 5: n_epoch",
        ),
        (
            {"deribit": {"env": {"action": {"mod": 3}}}},
            "exp.yaml: env: config: action.mod",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(file, presets, message):
    with pytest.raises(ConfigError) as raised:
        load_experiment(file(presets), ["preset=deribit"])
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("path", "name"), SAYS_MORE, ids=str)
def test_every_market_of_a_shipped_config_is_valid(path, name):
    experiment = load_experiment(path, [f"preset={name}"])
    assert experiment.env_config().name == name
