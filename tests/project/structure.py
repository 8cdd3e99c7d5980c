"""Counts what a reader meets: entries per folder, arrows between folders, circles.

`python tests/project/structure.py [CHECKOUT]` prints the figures of any checkout.
"""

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGES = ("hedge_env", "baselines", "training")
Arrows = dict[str, set[str]]


def entries(folder: Path) -> int:
    """Number of files and folders a reader sees in `folder`, links left out."""
    names = [p for p in folder.iterdir() if not p.is_symlink()]
    return sum(not p.name.startswith(("__pycache__", ".", "__init__")) for p in names)


def folders(root: Path) -> Iterator[Path]:
    """Folders of the packages and the tests that hold anything."""
    for top in (*PACKAGES, "tests"):
        for folder in [root / top, *sorted((root / top).rglob("*"))]:
            hidden = folder.is_symlink() or "__pycache__" in folder.parts
            if folder.is_dir() and not hidden and entries(folder):
                yield folder


@functools.cache
def syntax(path: Path) -> ast.Module:
    """Syntax tree of a file, which several figures are counted from."""
    return ast.parse(path.read_text(encoding="utf-8"))


def arrows(root: Path) -> Arrows:
    """Which module imports which, imports inside functions included."""
    sources = {}
    for top in PACKAGES:
        for path in (root / top).rglob("*.py"):
            parts = path.relative_to(root).with_suffix("").parts
            sources[".".join(parts).removesuffix(".__init__")] = path
    found: Arrows = {name: set() for name in sources}
    for name, path in sources.items():
        for node in ast.walk(syntax(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                inner = node.module
                for top in ("training", "baselines"):
                    if f"{inner}.".startswith(f"hedge_env.{top}."):
                        inner = inner.removeprefix("hedge_env.")
                for alias in node.names:
                    deep = f"{inner}.{alias.name}"
                    target = deep if deep in sources else inner
                    if target in sources and target != name:
                        found[name].add(target)
    return found


def filled_by_position(root: Path) -> Iterator[tuple[str, str]]:
    """File and name of every named tuple of numbers that is filled by position.

    More than three arguments, or a bare number among them: two that are exchanged
    would be no error anywhere.
    """
    trees = {
        path: syntax(path) for top in PACKAGES for path in (root / top).rglob("*.py")
    }
    tuples = {
        node.name
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(b, ast.Name) and b.id == "NamedTuple" for b in node.bases)
    }
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            bare = any(
                isinstance(a, ast.Constant) and isinstance(a.value, bool | float)
                for a in node.args
            )
            if node.func.id in tuples and (bare or len(node.args) > 3):
                yield str(path.relative_to(root)), node.func.id


def windows(root: Path) -> Iterator[str]:
    """Every function with a window `low, high` of paths beside its arrays.

    A tile says what the window is of; a bare one can be used on the wrong array.
    """
    for top in PACKAGES:
        for path in (root / top).rglob("*.py"):
            for node in ast.walk(syntax(path)):
                if isinstance(node, ast.FunctionDef) and node.decorator_list:
                    given = {
                        argument.arg: ast.unparse(argument.annotation)
                        for argument in node.args.args
                        if argument.annotation
                    }
                    if given.get("low") == given.get("high") == "int":
                        yield str(path.relative_to(root))


def body_lengths(root: Path) -> Iterator[tuple[str, int]]:
    """Every function of the packages as `file:name`, and lines after its docstring."""
    for top in PACKAGES:
        for path in (root / top).rglob("*.py"):
            for node in ast.walk(syntax(path)):
                if isinstance(node, ast.FunctionDef):
                    told = ast.get_docstring(node) is not None
                    body = node.body[1:] if told else node.body
                    if body:
                        lines = (body[-1].end_lineno or 0) - body[0].lineno + 1
                        yield f"{path.relative_to(root)}:{node.name}", lines


def circles(graph: Arrows) -> list[list[str]]:
    """Groups of modules that can reach each other (Tarjan, 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in index:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == index[name]:
            group = [stack.pop()]
            while group[-1] != name:
                group.append(stack.pop())
            if len(group) > 1:
                groups.append(sorted(group))

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return groups


def layers(graph: Arrows) -> int:
    """Length of the longest chain of imports; circles count as one step."""
    depth: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in depth:
            depth[name] = 1  # met again on a circle
            depth[name] = 1 + max((of(t) for t in graph[name]), default=0)
        return depth[name]

    return max(of(name) for name in sorted(graph))


def main(root: Path) -> None:
    """Print the figures of a checkout."""
    counts = {str(f.relative_to(root)): entries(f) for f in folders(root)}
    for folder, count in sorted(counts.items(), key=lambda item: -item[1])[:8]:
        print(f"{count:4d} entries in {folder}")
    graph = arrows(root)
    print(f"{len(counts)} folders, {len(graph)} modules, widest {max(counts.values())}")
    print(f"{sum(map(len, graph.values()))} arrows, {layers(graph)} steps deep")
    print(f"circles: {circles(graph) or 'none'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())
