import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest
import yaml
from matplotlib.figure import Figure

from hedge_env.config.loading import load_config
from hedge_env.training.output import folder
from hedge_env.training.output.folder import OutputError
from hedge_env.training.output.source_commit import commit_in_words, git_commit
from hedge_env.training.report import report
from hedge_env.training.report.report import episode_frame, render_report, write_report
from hedge_env.training.results.findings import difference, with_error
from tests.training.helpers.fabricated import INVENTED, comparison

AGENT = "an <agent> & $x$"
EVIL = '"><script>alert(1)</script><img src=x onerror=y>'
COMMAND = "hedge compare --preset 'a <b>.yaml' --seed 0"


class Page(HTMLParser):
    """Tags with their attributes, and the text as a reader sees it."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.pieces = [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.pieces).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.pieces.append(data)

    def attributes(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def described(made, description):
    """The same comparison in a market with another description."""
    config = load_config("reference", {"description": description})
    document = config.model_dump(mode="json")
    return replace(made, config=config, summary=replace(made.summary, config=document))


@pytest.fixture(scope="module")
def made():
    invented = (*INVENTED, ("optimal", "optimal", 30.1, 138.0))
    return described(comparison((2.0, 10.0), n_paths=200, invented=invented), EVIL)


@pytest.fixture(scope="module")
def html(made):
    return render_report(made, command=COMMAND)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


@pytest.fixture
def without_pictures(monkeypatch):
    sizes = {"wide": "data:,", "narrow": "data:,", "path": "0", "run": "x"}
    names = ("frontier", "distributions", "costs", "episode")
    monkeypatch.setattr(report, "_pictures", lambda *args: dict.fromkeys(names, sizes))
    monkeypatch.setattr(report, "frontier_figure", lambda summary: Figure((1, 1)))


def test_the_report_needs_no_other_file_and_no_network(html, page):
    sources = [
        value
        for _, attributes in page.tags
        for key, value in attributes.items()
        if key in ("src", "srcset", "href", "data", "action", "poster")
    ]
    assert len(sources) == 12  # six figures, each for a screen and for a phone
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert not re.search(r"https?://|url\(|@import", html)
    assert {"script", "link", "iframe", "object", "base"}.isdisjoint(
        tag for tag, _ in page.tags
    )


def test_the_pictures_need_no_other_file_either(page):
    images = page.attributes("img")
    assert images
    for image in images:
        svg = base64.b64decode(image["src"].partition(",")[2]).decode()
        assert svg.rstrip().endswith("</svg>")
        assert all(
            target.startswith("#") for target in re.findall(r'href="([^"]*)"', svg)
        )
        assert all(
            target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", svg)
        )
        assert "<script" not in svg
        assert "<image" not in svg


def test_every_picture_is_described_for_those_who_cannot_see_it(page):
    images = page.attributes("img")
    assert len(images) == 6
    assert all(len(image["alt"]) > 30 for image in images)


def test_the_page_fits_a_phone_and_says_its_language(page):
    (viewport,) = [
        meta for meta in page.attributes("meta") if meta.get("name") == "viewport"
    ]
    assert "width=device-width" in viewport["content"]
    assert page.attributes("html") == [{"lang": "en"}]
    narrow = [source["media"] for source in page.attributes("source")]
    assert narrow == ["(max-width: 600px)"] * 6


def test_names_and_texts_are_escaped(html, page):
    assert "an &lt;agent&gt; &amp; $x$" in html
    assert "an <agent>" not in html
    assert "agent" not in {tag for tag, _ in page.tags}
    assert EVIL not in html
    assert "<script" not in html
    assert page.text.count(EVIL) == 2  # below the title, and in the config
    assert f"One episode of {AGENT}" in page.text


def test_every_policy_stands_with_its_confidence_intervals(made, page):
    for row in made.summary.policies:
        assert row.name in page.text
        for value, error in (
            (row.objective_bp, row.objective_se),
            (row.cost_bp, row.cost_se),
            (row.tracking_error_bp, row.tracking_error_se),
            (row.net_loss_mean_bp, row.net_loss_mean_se),
            (row.trades, row.trades_se),
        ):
            assert with_error(value, error) in page.text
        for value, error in (
            (row.cvar95_bp, row.cvar95_se),
            (row.cvar99_bp, row.cvar99_se),
        ):
            assert with_error(value, error, 0) in page.text
        assert difference(row) in page.text


def test_the_report_says_how_to_repeat_it(made, html, page):
    _, _, block = page.text.partition("How to repeat this")
    assert COMMAND in block
    assert f"seed {made.summary.seed}" in block
    assert f"git commit {commit_in_words(git_commit())}" in block
    for package in ("numpy", "numba", "hedge-env", "Python"):
        assert re.search(rf"{package} \d+\.\d+", block)
    source = re.search(r"Resolved config</summary>\s*<pre>(.*?)</pre>", html, re.DOTALL)
    (text,) = [piece for piece in page.pieces if piece.startswith("name: reference")]
    assert source is not None
    assert yaml.safe_load(text) == made.config.model_dump(mode="json")


def test_a_market_without_gas_has_no_gas_column(made, page):
    charged = {
        name
        for row in made.summary.policies
        for name, value in row.cost_components_bp.items()
        if value != 0.0
    }
    headings = page.text.partition("The numbers (bp of notional)")[2]
    names = [n for n in made.summary.policies[0].cost_components_bp if n in charged]
    expected = " ".join(names).replace("_", " ")
    assert re.search(r"^ ?Policy ([a-z ]+) total", headings)[1] == expected


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize(
    ("levels", "invented"),
    [
        ((10.0,), INVENTED),
        ((10.0,), INVENTED[:1]),
        ((10.0,), INVENTED[-1:]),
        ((10.0,), [("optimal", "optimal", 30.0, 138.0)]),
        ((2.0, 10.0, 50.0, 90.0), INVENTED[:3]),
    ],
    ids=["all", "one rule", "an agent alone", "the optimum alone", "rules alone"],
)
def test_any_choice_of_policies_has_a_report(levels, invented):
    made = comparison(levels, n_paths=50, invented=invented)
    page = Page(render_report(made, command=COMMAND))
    for level in levels:
        assert f"Risk aversion λ = {level:g}" in page.text
    assert "None" not in page.text
    assert "nan" not in page.text.lower().replace("finance", "").split()


def test_the_table_of_episodes_has_a_row_per_policy_risk_aversion_and_path(made):
    frame = episode_frame(made.contenders, made.tables)
    assert frame.height == len(made.contenders) * 200
    assert frame.select("policy", "risk_aversion", "path_id").is_unique().all()
    for (name, level), part in frame.group_by("policy", "risk_aversion"):
        (row,) = [row for row in made.summary.at(level) if row.name == name]
        assert part["cost_bp"].mean() == pytest.approx(row.cost_bp)
        assert part["objective_bp"].mean() == pytest.approx(row.objective_bp)
        assert part["net_loss_bp"].mean() == pytest.approx(row.net_loss_mean_bp)
        assert part["tracking_bp"].std() == pytest.approx(row.tracking_error_bp)
        assert part["trades"].mean() == pytest.approx(row.trades)
        for component, value in row.cost_components_bp.items():
            assert part[f"cost_{component}_bp"].mean() == pytest.approx(value)


@pytest.mark.usefixtures("without_pictures")
def test_the_folder_holds_four_files(made, tmp_path):
    write_report(made, tmp_path / "out", command=COMMAND)
    names = ["episodes.parquet", "frontier.png", "report.html", "summary.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    frame = pl.read_parquet(tmp_path / "out" / "episodes.parquet")
    assert frame.equals(episode_frame(made.contenders, made.tables))
    assert (tmp_path / "out" / "frontier.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("failing", ["episodes.parquet", "report.html"])
def test_a_report_that_cannot_be_written_leaves_the_old_one(
    made, tmp_path, monkeypatch, failing
):
    write_report(made, tmp_path, command=COMMAND)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = folder._write

    def fail(path, content):
        write(path, content)
        if path.name == failing:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "_write", fail)
    other = comparison((10.0,), n_paths=100)
    with pytest.raises(OutputError, match="No space left"):
        write_report(other, tmp_path, command=COMMAND)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_episode_drawn_is_one_that_was_measured(made, page):
    number = int(re.search(r"Test path (\d+) at λ = 10", page.text)[1])
    index = [c.name for c in made.contenders].index(AGENT)
    assert number in made.tables[index].path_id


def test_versions_that_are_not_known_are_said_not_to_be(monkeypatch):
    known = {"git_commit": None, "python": "3.11.7", "packages": {"torch": None}}
    monkeypatch.setattr(report, "collect_versions", lambda seed: known)
    versions = report._versions(0)
    assert versions["git commit"] == "not known"
    assert "torch" not in versions


def test_profit_is_attributed_where_it_was_looked_into():
    there = comparison((10.0,), n_paths=50, preset="ethereum-l1")
    page = render_report(there, command=COMMAND)
    assert "Where profit and loss are from" in page
    assert "-410.0 (20.0)" in page
    assert "-0.0123" in page
    assert "When they trade" in page
    none = comparison((10.0,), n_paths=50, attributed=False)
    without = render_report(none, command=COMMAND)
    assert "Where profit and loss are from" not in without
