"""The demo's output equals a golden file: times, ids and places masked, racing lines sorted.

After a wanted change of the output: FLEET_GOLDEN=write makes the files anew; read the difference."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from fleet import BIN

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/data/demo"

MASKS = (
    (r"/\S*/fleet-demo\.\w+", "WORK"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME"),
    (r"plan [0-9a-f]{16}", "plan DIGEST"),
    (r"\b\d+(\.\d+)? m?s\b", "DURATION"),
    (r"(PostgreSQL|MariaDB|SQLite) [\d.]+ *", r"\1 VERSION "),
    (r"SERVER +", "SERVER "),
)


def masked(text):
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    return text


def sorted_races(text):
    """Targets end in any order: each run of their lines is sorted, a reason stays with its target."""
    lines, run = [], []
    for line in text.splitlines():
        if re.match(r"\S+-\d +(applied|rolled_back|failed_clean)  ", line):
            run.append(line)
        elif run and line.startswith("    "):
            run[-1] += "\n" + line
        else:
            lines += sorted(run) + [line]
            run = []
    return "\n".join(lines + sorted(run)) + "\n"


@pytest.mark.parametrize("name,options", [("files", []), ("servers", ["--servers"])])
def test_the_demo_prints_what_it_should(name, options):
    done = subprocess.run([ROOT / "scripts/demo", *options], capture_output=True, text=True,
                          env=dict(os.environ, FLEET_BIN_DIR=str(BIN)), timeout=170)
    assert done.returncode == 0, done.stderr
    output, golden = sorted_races(masked(done.stdout)), GOLDEN / f"{name}.golden"
    if os.environ.get("FLEET_GOLDEN") == "write":
        golden.write_text(output)
    assert output == golden.read_text()
