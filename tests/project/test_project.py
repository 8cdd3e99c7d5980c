"""What holds for the project as a whole: imports, versions, documents, make targets."""

import importlib.metadata
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import hedge_env
from hedge_env.training.cli import main
from tests.support.checkout import ROOT

of_a_checkout = pytest.mark.skipif(
    not (ROOT / "training").exists(),
    reason="a source distribution has training and baselines below hedge_env alone",
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
README = (ROOT / "README.md").read_text()
LOCK = (ROOT / "requirements.lock").read_text()


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_names() -> set[str]:
    return {canonical(name) for name in re.findall(r"(?m)^([\w.-]+)==", LOCK)}


def test_importing_the_environment_does_not_import_what_training_needs() -> None:
    heavy = {"torch", "stable_baselines3", "matplotlib", "tyro", "rich"}
    code = f"import sys, hedge_env.baselines; print(*{heavy} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert importlib.metadata.version("hedge-env") == PROJECT["version"]
    assert citation["version"] == PROJECT["version"]
    assert hedge_env.__version__ == PROJECT["version"]


def test_the_lock_file_pins_every_requirement_and_nothing_of_ours() -> None:
    extras = PROJECT["optional-dependencies"].values()
    requirements = [*PROJECT["dependencies"], *(r for extra in extras for r in extra)]
    names = {canonical(re.split(r"[<>=\[]", line)[0]) for line in requirements}
    assert names <= locked_names()
    assert "hedge-env" not in locked_names()
    entries = [line for line in LOCK.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", entry) for entry in entries)


def test_the_readme_names_only_targets_and_commands_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"(?m)^([a-z]+):", makefile))
    commands = (ROOT / "hedge_env" / "training" / "cli" / "commands.py").read_text()
    assert set(re.findall(r"(?m)^make ([a-z]+)", README)) <= targets
    for command in re.findall(r"(?m)(?:^|`)hedge ([a-z]+)", README):
        assert f'"{command}": ' in commands


def test_every_command_of_the_readme_is_one_that_is_understood() -> None:
    blocks = "".join(re.findall(r"(?s)```bash\n(.*?)```", README))
    lines = re.findall(r"(?m)^hedge (.*)$", blocks.replace("\\\n", ""))
    assert len(lines) >= 5
    for line in lines:
        name, _ = main._parse(shlex.split(line, comments=True))
        assert line.startswith(name)
        for file in re.findall(r"configs/[\w.-]+", line):
            assert (ROOT / file).is_file(), file


def test_the_readme_names_only_presets_that_exist() -> None:
    from hedge_env.config.loading import PRESETS

    table = README.split("## Presets")[1].split("##")[0]
    first_column = "".join(re.findall(r"(?m)^\|([^|]*)\|", table))
    assert set(re.findall(r"`([\w-]+)`", first_column)) == set(PRESETS)


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_every_place_of_the_architecture_is_there() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text().split("## The way of an")[1]
    places = set(re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", text))
    assert len(places) >= 25
    for place in places:
        path = ROOT / "hedge_env" / place
        assert path.with_suffix(".py").is_file() or path.is_dir(), place


@of_a_checkout
def test_every_folder_is_in_the_picture_of_the_architecture() -> None:
    picture = (ROOT / "docs" / "ARCHITECTURE.md").read_text().split("```")[1]
    for folder in (ROOT / "hedge_env").iterdir():
        if (folder / "__init__.py").is_file():
            assert f"{folder.name}/" in picture, folder.name
    for top in ("training", "baselines"):
        for folder in (ROOT / top).iterdir():
            if (folder / "__init__.py").is_file():
                assert re.search(rf"\b{folder.name}\b", picture), folder.name


def test_links_between_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, link)
        for document in documents
        for link in re.findall(r"\]\(([^)\s]+)[^)]*\)", without_blocks(document))
        if "://" not in link
    ]
    assert len([link for _, link in links if "#" in link]) >= 10
    assert [
        f"{document.name}: {link}"
        for document, link in links
        if is_dead(document, link)
    ] == []


def is_dead(document: Path, link: str) -> bool:
    """Whether a link leads to no file or, in a document, to no heading."""
    name, _, anchor = link.partition("#")
    target = document.parent / name if name else document
    if not target.exists():
        return True
    return bool(anchor) and (target.suffix != ".md" or anchor not in anchors(target))


def without_blocks(document: Path) -> str:
    return re.sub(r"(?ms)^ *```.*?^ *```", "", document.read_text())


def anchors(document: Path) -> set[str]:
    """Names of the headings, as the pages of a repository make them.

    Small letters, blanks as hyphens, no other sign but hyphens and underscores; the
    second heading of a name has -1 behind it.
    """
    found: list[str] = []
    for heading in re.findall(r"(?m)^#{1,6} +(.+?)[ #]*$", without_blocks(document)):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.append(re.sub(r"[^\w -]", "", words).replace(" ", "-"))
    again = [found[:place].count(name) for place, name in enumerate(found)]
    return {f"{name}-{n}" if n else name for name, n in zip(found, again, strict=True)}


def test_an_anchor_is_the_heading_as_pages_name_it(tmp_path: Path) -> None:
    """Code, signs, a link, another letter, and a second heading of the same name."""
    page = tmp_path / "page.md"
    page.write_text(
        "# The vault: `keeper-vault`\n```\n# no heading\n```\n## A [range](x.md) of λ\n"
        "## A split of the policy's own\n## Sources\n## Sources\n"
    )
    assert anchors(page) == {
        *("the-vault-keeper-vault", "a-range-of-λ", "a-split-of-the-policys-own"),
        *("sources", "sources-1"),
    }
    assert not is_dead(page, "#sources-1")
    assert is_dead(page, "#sources-2")
    assert is_dead(page, "page.md#no-heading")
    assert is_dead(page, "other.md")


@pytest.mark.slow
def test_the_first_example_of_the_readme_runs(tmp_path: Path) -> None:
    block = README.split("```python")[1].split("```")[0]
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_the_type_information_is_part_of_the_package() -> None:
    assert (ROOT / "hedge_env" / "py.typed").exists()


def test_no_large_file_is_kept_by_accident() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout of git")
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    sizes = {path: path.stat().st_size for path in files if path.is_file()}
    assert [str(path) for path, size in sizes.items() if size > 3_000_000] == []
