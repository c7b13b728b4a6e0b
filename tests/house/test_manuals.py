"""Every key, directive and command of the tables in the code stands in its manual and its guide."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "common/database.h"


def keys(*files):
    text = "".join((ROOT / name).read_text() for name in files)
    found = re.findall(r'\.key = "([a-z_.]+)"', text)
    found += re.findall(r"^    OPERATOR_PATH\((\w+),", text, re.MULTILINE)
    assert len(found) > 5
    # There is a row for "password" so that it can be refused.
    return sorted({key.rstrip(".") for key in found} - {"password"})


def manual(name):
    """Without the backslashes of its source."""
    return (ROOT / "docs/man" / f"{name}.scd").read_text().replace("\\", "")


@pytest.mark.parametrize("key", keys("inventory/policy.c", "inventory/sections.c", DATABASE))
def test_each_key_of_the_inventory_is_told(key):
    assert re.search(rf"^\*{key}(\.NAME)?\*$|_{key} = ", manual("fleet.ini.5"), re.MULTILINE)
    assert re.search(rf"^\| `{key}(\.NAME)?` \|", (ROOT / "docs/inventory.md").read_text(),
                     re.MULTILINE)


@pytest.mark.parametrize("key", keys("agents/daemon/sections.c", DATABASE))
def test_each_key_of_an_agent_is_told(key):
    assert re.search(rf"^\*{key}\*", manual("agent.ini.5"), re.MULTILINE)
    assert f"`{key}" in (ROOT / "docs/agent-configuration.md").read_text()


def directives():
    text = (ROOT / "plans/script/directives.c").read_text()
    table = text[text.index("static const struct directive table[]"):]
    return re.findall(r'^    \{"([a-z-]+)", "', table[:table.index("};")], re.MULTILINE)


@pytest.mark.parametrize("directive", directives())
def test_each_directive_is_told(directive):
    assert f"`-- fleet: {directive}" in (ROOT / "docs/migrations.md").read_text()


def exit_statuses():
    text = (ROOT / "common/error.h").read_text()
    return re.findall(r"STATUS_\w+ = (\d)", text)


def test_each_exit_status_is_told():
    told = re.findall(r"^\*(\d)\*$", manual("fleet.1"), re.MULTILINE)
    assert set(exit_statuses()) <= set(told)
