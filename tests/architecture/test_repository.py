"""What the repository must and must not hold."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def tracked(*patterns):
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip("this is not a git checkout: there is no list of files to read")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_and_hashes_and_names_no_host(lock):
    text = lock.read_text()
    assert not re.search(r"://|index-url|find-links", text)
    blocks = [block for block in re.split(r"\n(?=[a-z0-9])", text.split("make lock\n", 1)[1]) if block.strip()]
    assert len(blocks) > 20
    assert [b for b in blocks if not re.match(r"[\w.\[\]-]+==\S+", b) or "--hash=sha256:" not in b] == []


def test_the_demo_lock_is_a_part_of_the_development_lock():
    """The installer relies on it."""
    pins = {path.stem: set(re.findall(r"^[\w.\[\]-]+==[^ ;]+", path.read_text(), re.M)) for path in LOCKS}
    assert pins["base"] <= pins["demo"] <= pins["dev"]


def test_every_dependency_has_a_reason():
    lines = (ROOT / "pyproject.toml").read_text().split("[tool.ruff]")[0].splitlines()
    needs = [line for line in lines if re.match(r'\s+"[\w-]+(\[|~|=)', line) and "orne_accueil[" not in line]
    assert len(needs) > 25
    assert [line for line in needs if not re.search(r"# \S", line)] == []


def test_make_check_runs_every_guard():
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile.split("\ncheck: install\n", 1)[1].split("\n\n", 1)[0]
    for guard in ("ruff format --check", "ruff check", "lint-imports", "mypy", "makemigrations --check", "--deploy"):
        assert guard in recipe
    assert "||" not in recipe, "a guard that cannot fail is none"


def test_no_machine_of_ours_is_named():
    """No home folder, no scratch folder of whoever wrote it."""
    pattern = re.compile(r"/(home|root|Users)/\w|/work/main")
    found = []
    for path in tracked():
        if path.suffix in (".py", ".md", ".toml", ".yml", ".txt", ".html", ".sh") or path.name in ("Makefile", "run"):
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                if pattern.search(line) and path != Path(__file__):
                    found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_the_image_holds_every_package():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    dockerfile = (ROOT / "Dockerfile").read_text()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert "orne_accueil" in packages
    for package in packages:
        assert f"!{package}" in ignored
        assert f"COPY {package} {package}\n" in dockerfile


def test_links_between_documents_lead_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_the_glossary_names_what_exists():
    """Its first parts: what later floors will be called is announced there, not built yet."""
    glossary = (ROOT / "docs" / "glossary.md").read_text().split("## Later floors")[0]
    code = "".join(path.read_text() for path in tracked("*.py") if "tests" not in path.parts)
    rows = [line.split("|")[2] for line in glossary.splitlines() if line.startswith("|")]
    names = {re.split(r"[./ ,()]", name)[-1] for row in rows for name in re.findall(r"`([^`]+)`", row)}
    assert len(names) > 60
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", code)) == []
