"""The arrows that import-linter cannot see: foreign keys, strings, and what the contracts lean on."""

import ast
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
ROOMS = ("forms", "actions", "notifications", "permissions", "selectors", "models", "rules", "enums", "tasks")


def floors():
    """Each package of the direction contract with its floor, 0 at the bottom; one floor, one set of siblings."""
    (contract,) = [c for c in LINTER["contracts"] if c["id"] == "direction"]
    layers = list(reversed(contract["layers"]))
    return {name.strip(): floor for floor, layer in enumerate(layers) for name in layer.replace(":", "|").split("|")}


def local_apps():
    return [
        config
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT / config.name.split(".")[0])
    ]


def is_allowed(source, target):
    """Whether an app may point to another: itself, one of a lower floor, or a library's."""
    known = floors()
    if source == target or target not in known:
        return True
    return known[target] < known[source]


def relations():
    """Every foreign key, one-to-one and many-to-many of ours, those of hidden tables included."""
    for model in apps.get_models(include_auto_created=True):
        source = model._meta.app_config.name
        if source not in floors():
            continue
        for field in model._meta.get_fields(include_hidden=True):
            if field.is_relation and not field.auto_created and isinstance(field.related_model, type):
                yield f"{model._meta.label}.{field.name}", source, field.related_model._meta.app_config.name


def test_every_local_app_has_a_floor():
    assert {config.name for config in local_apps()} <= set(floors())


def test_every_local_app_is_seen_by_the_linter():
    assert {config.name.split(".")[0] for config in local_apps()} == set(LINTER["root_packages"])


def test_foreign_keys_point_downwards():
    found = list(relations())
    assert len(found) > 20, "the walk sees the tables"
    assert [label for label, source, target in found if not is_allowed(source, target)] == []


@pytest.mark.parametrize(
    ("source", "target", "allowed"),
    [
        ("coworking", "orne_accueil.accounts", True),
        ("orne_accueil.accounts", "coworking", False),
        ("coworking", "housing", False),
        ("club", "mentoring", False),
        ("orne_accueil.territory", "orne_accueil.outbox", False),
        ("coworking", "django.contrib.auth", True),
    ],
)
def test_the_rule_of_the_walk(source, target, allowed):
    assert is_allowed(source, target) is allowed


def test_the_walk_sees_a_key_given_as_a_string():
    class Pointing(models.Model):  # noqa: DJ008 - it lives for one test
        space = models.ForeignKey("coworking.Space", models.CASCADE)

        class Meta:
            app_label = "territory"

    try:
        wrong = [label for label, source, target in relations() if not is_allowed(source, target)]
    finally:
        del apps.all_models["territory"]["pointing"]
        apps.clear_cache()
    assert wrong == ["territory.Pointing.space"]


def sources():
    for package in LINTER["root_packages"]:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def module_of(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def app_of(module):
    return next((name for name in sorted(floors(), key=len, reverse=True) if f"{module}.".startswith(f"{name}.")), None)


def test_models_are_not_fetched_upwards_by_name():
    labels = {config.label: config.name for config in local_apps()}
    wrong = []
    for path in sources():
        source = app_of(module_of(path))
        for node in ast.walk(ast.parse(path.read_text())):
            is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if is_call and node.func.attr == "get_model" and node.args and isinstance(node.args[0], ast.Constant):
                target = labels.get(str(node.args[0].value).split(".")[0])
                if source and target and not is_allowed(source, target):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


@pytest.mark.parametrize("app", ["coworking", "housing", "mentoring", "club"])
def test_every_domain_app_has_the_rooms_that_the_contracts_name(app):
    present = {path.stem for path in (ROOT / app).iterdir()}
    assert set(ROOMS) <= present


def test_only_the_clock_reads_the_time():
    readers = []
    for path in sources():
        if path.name in ("clock.py",) or "settings" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("utcnow", "today", "now"):
                owner = ast.unparse(node.value)
                if owner in ("datetime", "date", "datetime.datetime", "timezone", "django.utils.timezone"):
                    readers.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert readers == []


def test_nothing_is_left_to_a_timer_of_the_broker():
    """What is due is found by a query; the broker would run a long eta or countdown twice."""
    wrong = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                timers = [word for word in node.keywords if word.arg in ("eta", "countdown")]
                if timers and isinstance(node.func, ast.Attribute) and node.func.attr in ("apply_async", "retry"):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []
