"""The pages on limits say what the program does: each setting and constant they name is there, with the value they give."""

import re
from functools import reduce
from importlib import import_module

import pytest

from spatial.database import ROOT
from spatial.settings import Settings

REFERENCE = ROOT / "docs" / "reference" / "limits.md"
SHORT = ROOT / "docs" / "huong-dan" / "gioi-han.md"
NO_LIMITS = {"port", "workers", "lookup_horizon_days"}
"""Numbers that are set and bound nothing."""
SETTING = re.compile(r"^\| `DOTHI_([A-Z_]+)` \| ([\d.]+) \|", re.MULTILINE)
CONSTANT = re.compile(r"^\| [^|]+ \| ([\d.]+) \| `([a-zA-Z_.]+)` \|", re.MULTILINE)


@pytest.mark.parametrize("page", [REFERENCE, SHORT], ids=["reference", "short"])
def test_each_setting_has_the_default_that_is_told(page: object) -> None:
    told = {name.lower(): float(value) for name, value in SETTING.findall((ROOT / str(page)).read_text("utf-8"))}
    assert told
    assert told == {name: Settings.model_fields[name].default for name in told}


def test_each_number_that_is_set_is_told() -> None:
    told = {name.lower() for name, _ in SETTING.findall(REFERENCE.read_text("utf-8"))}
    numbers = {name for name, field in Settings.model_fields.items() if isinstance(field.default, int | float)}
    assert numbers - NO_LIMITS == told


def test_each_constant_has_the_value_that_is_told() -> None:
    told = CONSTANT.findall(REFERENCE.read_text("utf-8"))
    assert len(told) > 15
    for value, name in told:
        parts = name.split(".")
        depth = next(number for number, part in enumerate(parts) if part.isupper())
        found: object = reduce(getattr, parts[depth:], import_module(".".join(parts[:depth])))
        assert found == float(value), name


def test_the_proxies_that_are_trusted_are_told() -> None:
    trusted = ",".join(str(network.network_address) for network in Settings.model_fields["trusted_proxies"].default)
    assert f"`DOTHI_TRUSTED_PROXIES` (`{trusted}`)" in REFERENCE.read_text("utf-8")
