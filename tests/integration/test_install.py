"""What cmake --install places: programs that run, manuals that render, completion that completes."""

import os
import subprocess

import pytest

from fleet import BIN

MANUALS = {"man1": ["fleet.1"], "man5": ["agent.ini.5", "fleet.ini.5"], "man8": ["fleet-agent.8"]}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", BIN, "--prefix", prefix], check=True,
                   stdout=subprocess.DEVNULL)
    return prefix


def said(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("program", ["fleet", "fleet-agent"])
def test_the_programs_run(tree, program):
    assert said(tree / "bin" / program, "--version").stdout.startswith(program)


@pytest.mark.parametrize("section, page",
                         [(section, page) for section, pages in MANUALS.items() for page in pages])
def test_a_manual_renders_without_a_warning(tree, section, page):
    path = tree / "share/man" / section / page
    done = said("groff", "-man", "-Tutf8", "-P-cbou", "-ww", "-K", "utf8", path)
    assert done.stderr == "" and "NAME" in done.stdout


def test_each_command_is_in_the_manual_and_its_options_too(tree):
    page = said("groff", "-man", "-Tascii", "-P-cbou", "-K", "utf8",
                tree / "share/man/man1/fleet.1").stdout
    words = complete(tree, "fleet ")
    assert {"apply", "plan", "status"} <= set(words)
    for command in words:
        assert command in page
        for option in complete(tree, f"fleet {command} --"):
            assert option in page, (command, option)


def complete(tree, line):
    """The words that bash offers at the end of a line."""
    script = (f"source {tree}/share/bash-completion/completions/fleet\n"
              f"COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}\n"
              "read -ra COMP_WORDS <<< \"$COMP_LINE\"\n"
              "[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')\n"
              "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
              "function=$(complete -p fleet | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n"
              "$function fleet \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"\n"
              "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
    path = f"{tree}/bin:{os.environ['PATH']}"
    return said("bash", "-c", script, env={**os.environ, "PATH": path}).stdout.split()


def test_bash_completes_commands_and_options(tree):
    assert complete(tree, "fleet ap") == ["apply"]
    assert "--env" in complete(tree, "fleet apply --e")


def test_the_other_shells_have_their_files(tree):
    assert (tree / "share/zsh/site-functions/_fleet").read_text().startswith("#compdef fleet")
    assert "complete -c fleet" in (tree / "share/fish/vendor_completions.d/fleet.fish").read_text()


def test_the_service_of_the_agent_is_placed(tree):
    unit = (tree / "lib/systemd/system/fleet-agent.service").read_text()
    assert "Type=notify" in unit
