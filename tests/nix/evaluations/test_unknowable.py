"""Evaluations that saw what cannot be written down are never left out."""

import hashlib
import os
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TEXT = "{ containers.demo.config.environment.etc.x.text = %s; }"


def never(world, value, reason, **changes):
    """Assert that a definition with this value is evaluated each time, and why."""
    definition = world.write("definition.nix", TEXT % value)
    for _ in range(3):
        done = world.evaluate(definition, **changes)
        assert done.problem is not None
        assert reason in done.problem
    return done


@pytest.mark.parametrize(
    "value",
    [
        "toString builtins.currentTime",
        "toString __currentTime",
        'toString builtins.${"current" + "Time"}',
        'toString builtins."currentTim${"e"}"',
        'toString (builtins.getAttr ("current" + "Time") builtins)',
        'let b = builtins; in toString b.${"current" + "Time"}',
        'toString (with builtins; getAttr ("current" + "Time") builtins)',
        'with { inherit (builtins) builtins; }; toString builtins.${"current" + "Time"}',
        'toString (builtins.mapAttrs (name: value: value) builtins).${"current" + "Time"}',
    ],
)
def test_the_time(world, value):
    never(world, value, "definition.nix ")


def test_the_time_in_another_file(world):
    world.write("other", "builtins.currentTime")
    never(world, "toString (import ./other)", "other names currentTime")


def test_the_time_in_a_text_that_the_evaluation_makes(world):
    value = 'toString (import (builtins.toFile "x" "builtins.curr${"ent"}Time"))'
    never(world, value, "names currentTime")


def test_the_time_on_the_command_line(world):
    done = world.evaluate(TEXT % "toString builtins.currentTime")
    assert done.problem == "the command line names currentTime"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ('builtins.getEnv "TERM"', "TERM"),
        ('builtins.getEnv "TMPDIR"', "TMPDIR"),
        ('builtins.getEnv "GC_INITIAL_HEAP_SIZE"', "GC_INITIAL_HEAP_SIZE"),
        ('builtins.getEnv ("T" + "ERM")', "computed"),
        ('toString (map builtins.getEnv [ "TERM" ])', "computed"),
    ],
)
def test_variables_that_are_left_out(world, value, reason):
    never(world, value, reason)


def test_variables_of_the_environment(world):
    definition = world.write("definition.nix", TEXT % 'builtins.getEnv "MINE"')
    results = []
    for mine in ("one", "two"):
        world.variables["MINE"] = mine
        done = world.evaluate(definition)
        assert done.recorded
        assert world.evaluate(definition).skipped
        results.append(done.result)
    assert results[0] != results[1]
    world.variables["MINE"] = "one"
    again = world.evaluate(definition)
    assert again.skipped
    assert again.result == results[0]


def test_variables_of_a_terminal_say_nothing(world):
    definition = world.write("definition.nix", TEXT % '"x"')
    world.variables["TERM"] = "xterm"
    world.evaluate(definition)
    world.variables["TERM"] = "linux"
    assert world.evaluate(definition).skipped


def test_variables_that_nixpkgs_reads(world):
    definition = world.write("definition.nix", TEXT % '"x"')
    assert world.evaluate(definition).recorded
    world.variables["NIXPKGS_ALLOW_UNFREE"] = "1"
    assert not world.evaluate(definition).skipped


def test_the_configuration_of_nix(world):
    definition = world.write("definition.nix", TEXT % '"x"')
    assert world.evaluate(definition).recorded
    world.write("etc/nix.conf", "max-jobs = 1\n")
    assert world.evaluate(definition).recorded
    assert world.evaluate(definition).skipped
    world.write("etc/nix.conf", "max-jobs = 2\n")
    assert not world.evaluate(definition).skipped


def test_words_for_nix(world):
    definition = world.write("definition.nix", TEXT % '"x"')
    assert world.evaluate(definition, build_args=("--option", "cores", "1")).recorded
    assert not world.evaluate(definition, build_args=("--option", "cores", "2")).skipped
    assert world.evaluate(definition, build_args=("--option", "cores", "1")).skipped
    assert world.evaluate(definition).recorded
    problem = world.evaluate(definition, build_args=("--readonly-mode",)).problem
    assert "--build-args" in problem


def test_another_directory_to_work_in(world, monkeypatch):
    definition = world.write("definition.nix", TEXT % '"x"')
    (world.directory / "elsewhere").mkdir()
    monkeypatch.chdir(world.directory)
    assert world.evaluate(definition).recorded
    monkeypatch.chdir(world.directory / "elsewhere")
    assert not world.evaluate(definition).skipped


@pytest.mark.parametrize("path", ["/proc/uptime", "/proc/sys/kernel/random/uuid"])
def test_what_the_kernel_tells(world, path):
    never(world, f'builtins.readFile "{path}"', "it read /proc")


@pytest.mark.parametrize(
    "path", ["/proc/self/maps", "/proc/self/status", "/proc/stat", "/proc/mounts", "/proc/sys/kernel/random/boot_id"]
)
def test_what_the_kernel_tells_of_nix_itself(world, path):
    never(world, f'builtins.readFile "{path}"', "/proc")


def test_a_pipe(world):
    pipe = world.directory / "pipe"
    os.mkfifo(pipe)
    definition = world.write("definition.nix", TEXT % "builtins.readFile ./pipe")
    for _ in range(2):
        writer = threading.Thread(target=pipe.write_text, args=("x",), daemon=True)
        writer.start()
        done = world.evaluate(definition)
        writer.join(timeout=60)
        assert done.problem is not None


class Server(ThreadingHTTPServer):
    """Serves one text for every address."""

    text = b"1\n"

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(Server.text)))
                self.end_headers()
                self.wfile.write(Server.text)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def address():
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/x"
        server.shutdown()


def test_a_download_without_a_hash(world, address):
    never(world, f'builtins.readFile (builtins.fetchurl "{address}")', "it ")


def test_a_download_with_a_hash_is_not_made_twice(world, address):
    digest = hashlib.sha256(Server.text).hexdigest()
    value = f'builtins.readFile (builtins.fetchurl {{ url = "{address}"; sha256 = "{digest}"; }})'
    definition = world.write("definition.nix", TEXT % value)
    first = world.evaluate(definition)
    assert first.problem is not None
    second = world.evaluate(definition)
    assert second.recorded
    third = world.evaluate(definition)
    assert third.skipped
    assert third.result == first.result


def test_an_archive_without_a_hash(world):
    world.write("content/text", "1\n")
    archive = world.directory / "content.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(world.directory / "content", "content")
    never(world, f'builtins.readFile "${{builtins.fetchTarball "file://{archive}"}}/text"', "it ")


def test_a_repository(world):
    world.nix.run("git", "init", "-q", "repository")
    world.write("repository/text", "1\n")
    name = ("-c", "user.name=x", "-c", "user.email=x@x", "-C", "repository")
    world.nix.run("git", *name, "add", ".")
    world.nix.run("git", *name, "commit", "-q", "-m", "x")
    never(world, 'builtins.readFile "${builtins.fetchGit ./repository}/text"', "")


def test_what_is_built_for_an_evaluation_is_left_out_of_it(world):
    value = 'builtins.readFile (pkgs.runCommand "made" { } "date +%N >$out")'
    definition = world.write("definition.nix", "{ pkgs, ... }: " + TEXT % value)
    first = world.evaluate(definition)
    assert first.problem is not None
    second = world.evaluate(definition)
    assert second.recorded
    third = world.evaluate(definition)
    assert third.skipped
    assert third.result == first.result


def test_a_file_that_changes_while_it_is_evaluated(world):
    text = world.write("text", "one\n")
    value = 'let x = builtins.readFile ./text; in builtins.seq x (builtins.trace "read" x)'
    definition = world.write("definition.nix", TEXT % value)
    world.on_line = lambda line: text.write_text("two\n") if line == "trace: read" else None
    done = world.evaluate(definition)
    assert done.problem == f"{text} changed meanwhile"
    world.on_line = lambda _line: None
    again = world.evaluate(definition)
    assert not again.skipped
    assert again.result != done.result


def test_a_directory_that_is_swapped_while_it_is_evaluated(world):
    world.write("one/text", "1\n")
    world.write("two/text", "2\n")
    one, two = world.directory / "one", world.directory / "two"
    value = 'let x = builtins.readFile ./one/text; in builtins.seq x (builtins.trace "read" x)'
    definition = world.write("definition.nix", TEXT % value)

    def swap(line):
        if line == "trace: read":
            one.rename(world.directory / "away")
            two.rename(one)

    world.on_line = swap
    assert world.evaluate(definition).problem == f"{one}/text changed meanwhile"


def test_a_file_that_has_just_changed(world):
    definition = world.write("definition.nix", TEXT % "builtins.readFile ./text")
    (world.directory / "text").write_text("x")
    done = world.evaluate(definition)
    # Nix may have begun later than the kernel's clock for files can tell.
    assert done.recorded or done.problem == f"{world.directory}/text changed just before"
