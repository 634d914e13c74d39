"""The user's guide, the examples of definitions and README's first example, followed line by line."""

import shutil
import subprocess
import sys

import pytest

from tests.nix.evaluator import ROOT
from tests.pages import Reader, part, steps
from tests.system.traffic import run

# What answers at this address in the real internet, with the same code.
REDIRECT = """
import http.server
class Redirect(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(301)
        self.send_header("Location", "https://1.1.1.1/")
        self.end_headers()
    def log_message(self, *_):
        pass
server = http.server.HTTPServer(("1.1.1.1", 80), Redirect)
print("ready", flush=True)
server.serve_forever()
"""


@pytest.fixture
def one_address(internet):
    """1.1.1.1 in the stand-in internet, with its web server."""
    run(*internet, "ip", "addr", "add", "1.1.1.1/32", "dev", "eth0")
    run("ip", "route", "add", "1.1.1.1", "via", "192.0.2.2")
    server = subprocess.Popen([*internet, sys.executable, "-c", REDIRECT], stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "ready\n"
    yield
    server.kill()
    server.wait()


@pytest.fixture
def reader(tmp_path):
    """Somebody in an empty directory; containers that a page leaves behind are destroyed."""
    reader = Reader(tmp_path)
    yield reader
    reader.close()
    run("extra-container", "destroy", "--all")


@pytest.mark.usefixtures("one_address")
def test_the_guide(reader):
    reader.follow(steps((ROOT / "docs/guide.md").read_text()))
    assert run("extra-container", "list").stdout == "", "the guide cleans up"


def test_the_page_on_services_that_must_not_stay_broken(reader):
    reader.follow(steps((ROOT / "docs/healthy.md").read_text()))
    assert run("extra-container", "list").stdout == ""


@pytest.mark.usefixtures("one_address")
def test_the_examples_of_definitions(reader):
    shutil.copytree(ROOT / "examples/definitions", reader.directory, dirs_exist_ok=True)
    reader.follow(steps((ROOT / "examples/definitions/README.md").read_text()))
    assert run("extra-container", "list").stdout == ""


def test_the_example_of_the_readme(reader):
    text = (ROOT / "README.md").read_text()
    reader.follow(steps(part(text, "# extra-container").partition("## ")[0] + part(text, "## Example")))
    assert run("extra-container", "list").stdout == ""
