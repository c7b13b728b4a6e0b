"""The house rules that a program can hold: form, sizes, includes, nothing left unfinished."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True,
                            text=True, check=True)
    return [ROOT / name for name in listed.stdout.split() if (ROOT / name).exists()]


SOURCES = tracked("*.c", "*.h")


def percentile(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


def function_lengths():
    """Lines of each function: Linux braces put its first and last in the first column."""
    for path in SOURCES:
        start = None
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line == "{":
                start = number
            elif line == "}" and start:
                yield number - start - 1, f"{path.relative_to(ROOT)}:{start}"
                start = None


def test_every_source_is_formatted():
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *SOURCES], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr[:3000]


def test_functions_are_short():
    lengths = list(function_lengths())
    assert len(lengths) > 1000
    longest = max(lengths)
    assert longest[0] <= 80, longest
    assert percentile([length for length, _ in lengths], 0.5) <= 16
    assert percentile([length for length, _ in lengths], 0.95) <= 50


def test_files_are_short():
    lengths = {path: len(path.read_text().splitlines()) for path in SOURCES}
    longest = max(lengths, key=lengths.get)
    assert lengths[longest] <= 600, longest
    assert percentile(list(lengths.values()), 0.95) <= 500


def test_no_include_goes_around_the_folders_libraries():
    found = [path for path in SOURCES if re.search(r'#include "\.\.?/', path.read_text())]
    assert not found


def test_every_header_says_what_it_is_for():
    found = [path for path in SOURCES
             if path.suffix == ".h" and not path.read_text().startswith("/*")]
    assert not found


def test_nothing_is_left_unfinished():
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|not (yet )?implemented")
    found = [path for path in SOURCES if words.search(path.read_text())]
    assert not found
