"""What holds for the source as a whole: who may import whom, what is loaded when, how long a file may be."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import pellucid

SOURCE = Path(pellucid.__file__).parent

# A module imports only from ranks below its own, or from its own package. docs/decisions/0002-ranks.md says why.
RANKS = {
    "errors": 0, "options": 0, "interrupts": 0,
    "arrays": 1,
    "randomness": 2, "mapped": 2,
    "functions": 3, "initializers": 3, "schedules": 3, "metrics": 3, "datasets": 3,
    "layer": 4,
    "layers": 5,
    "losses": 6, "optimizers": 6,
    "network": 7, "pieces": 7,
    "step": 8, "checks": 8,
    "glass": 9, "engines": 9,
    "training": 10,
    "model": 11,
    "exchange": 12,
    "nnfs": 13, "tables": 13, "sweeps": 13,
    "estimators": 14, "report": 14,
    "playground": 15,
    "cli": 16,
    "__main__": 17,
}  # fmt: skip
HEAVY = [
    "jax", "pandas", "polars", "narwhals", "sklearn", "scipy", "torch", "matplotlib", "rich", "click", "jinja2",
    "safetensors", "threadpoolctl",
]  # fmt: skip
ROOM_OF = {
    "jax": ["engines"], "narwhals": ["tables"], "pandas": [], "polars": [], "sklearn": ["tables", "estimators"],
    "scipy": ["estimators"], "jinja2": ["report"], "torch": [],
}  # fmt: skip
LONG = 300


def files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool]]:
    """(dotted module, whether it is imported when the file is) of every import in a file."""
    found = []

    def visit(node: ast.AST, at_import: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            now = at_import and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if isinstance(child, ast.Import):
                found.extend((alias.name, at_import) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                found.extend((f"{base}.{alias.name}", at_import) for alias in child.names)
            visit(child, now)

    visit(ast.parse(path.read_text(encoding="utf-8")), True)
    return found


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down(path):
    if path == SOURCE / "__init__.py":
        return
    mine = room(path)
    assert mine in RANKS, f"{mine} has no rank: give it one in tests/test_house.py"
    for name, at_import in imports(path):
        parts = name.split(".")
        if parts[0] != "pellucid" or len(parts) == 1 or parts[1] in (mine, "__version__"):
            continue
        assert parts[1] in RANKS, f"{path.name} imports {name}, which has no rank"
        if (mine, parts[1], at_import) == ("model", "exchange", False):
            continue  # model.save, written where a user looks for it, brings the file format when it is called
        if (mine, parts[1], at_import) == ("layer", "glass", False):
            continue  # a notebook asks a layer itself for its picture
        assert RANKS[parts[1]] < RANKS[mine], f"{path.relative_to(SOURCE)} (rank {RANKS[mine]}) imports {name}"


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_heavy_libraries_only_in_their_room_and_only_when_used(path):
    for name, at_import in imports(path):
        library = name.split(".")[0]
        if library in ROOM_OF:
            assert room(path) in [*ROOM_OF[library], "cli"], f"{path.relative_to(SOURCE)} imports {name}"
        own = room(path) in ("cli", "estimators") or path.name.startswith("jax_")  # loaded for their own sake alone
        if library in HEAVY and not own:
            assert not at_import, f"{path.relative_to(SOURCE)} imports {name} before anybody needs it"


def test_importing_pellucid_loads_nothing_heavy():
    code = f"import sys, pellucid; pellucid.Model; print([m for m in {HEAVY!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_files_are_short():
    long = {str(path.relative_to(SOURCE)): n for path in files() if (n := len(path.read_text().splitlines())) > LONG}
    assert set(long) <= {"model.py"}, long  # the public face, half of it docstrings


def test_functions_are_short():
    long = []
    for path in files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > 40:
                    long.append(f"{path.relative_to(SOURCE)}:{node.name}")
    assert not long


@pytest.mark.parametrize("package", ["layers", "losses", "optimizers"])
def test_every_part_is_exported(package):
    """A layer is one file and one export line: whoever forgets the line reads it here."""
    module = importlib.import_module(f"pellucid.{package}")
    base = {
        "layers": pellucid.Layer,
        "losses": module.__dict__.get("Loss"),
        "optimizers": module.__dict__.get("Optimizer"),
    }
    for info in pkgutil.iter_modules(module.__path__):
        part = importlib.import_module(f"pellucid.{package}.{info.name}")
        for name, value in vars(part).items():
            if isinstance(value, type) and issubclass(value, base[package]) and value.__module__ == part.__name__:
                fused = "fused" in (value.__doc__ or "").lower() or name.endswith("CrossEntropy")
                assert name in module.__all__ or name.startswith("_") or fused, f"{name}: no export line in {package}"


@pytest.mark.parametrize("package", ["layers", "losses", "optimizers", "schedules", "initializers", "metrics"])
def test_public_docstrings_stand_beside_the_code(package):
    module = importlib.import_module(f"pellucid.{package}")
    for name in getattr(module, "__all__", [n for n in vars(module) if not n.startswith("_")]):
        value = getattr(module, name)
        if getattr(value, "__module__", "").startswith("pellucid") and callable(value):
            assert (value.__doc__ or "").strip(), f"pellucid.{package}.{name} has no docstring"


@pytest.mark.parametrize("name", [n for n in pellucid.layers.__all__ if n != "Layer"])
def test_a_layers_docstring_has_its_derivation(name):
    text = getattr(pellucid.layers, name).__doc__
    for part in ("**Forward**", ">>> "):
        assert part in text, f"{name}'s docstring has no {part}"


def test_nobody_draws_from_the_global_generator():
    """nnfs alone does, because the book does."""
    for path in files():
        if room(path) == "nnfs":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
                allowed = ("Generator", "Philox", "RandomState", "default_rng", "SeedSequence")
                assert node.attr in allowed, f"{path.relative_to(SOURCE)}: {ast.unparse(node)}"
