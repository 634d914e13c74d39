"""The example for Ansible, with the real ansible-core: changes are told rightly, and check mode makes none."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers.conftest import fetch

EXAMPLE = Path(__file__).parents[2] / "examples/ansible"
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
ADDRESS = "10.250.7.2"

# What is left of the container's life, with the module itself: one call of Ansible for all of it.
STEPS = """
- hosts: web
  gather_facts: false
  tasks:
    - name: The same again
      extra_container: { definition: "{{ kept }}/web.nix", wait: true }
      register: again
    - name: A changed definition in check mode
      extra_container: { expression: "{{ changed }}" }
      check_mode: true
      diff: true
      register: foreseen
    - name: A definition that is wrong
      extra_container: { expression: "{ containers.web.nonsense = 1; }" }
      register: wrong
      ignore_errors: true
    - name: The end in check mode
      extra_container: { state: absent, names: [web, other] }
      check_mode: true
      register: end_foreseen
    - command: extra-container status web
      register: still
    - name: The end
      extra_container: { state: absent, names: [web, other] }
      register: end
    - name: The end again
      extra_container: { state: absent, names: [web, other] }
      register: nothing
    - assert:
        that:
          - not again.changed and again.result.containers[0].state == 'up'
          - foreseen.changed and foreseen.diff.after is search('^web. install, update')
          - "'SYSTEM_PATH' in foreseen.diff.before and 'SYSTEM_PATH' in foreseen.diff.after"
          - wrong.failed and 'nonsense' in wrong.msg
          - end_foreseen.changed and end_foreseen.diff.before == 'web\\n'
          - still.stdout == 'up'
          - end.changed and end.result.containers[0].state == 'gone'
          - not nothing.changed
"""


@pytest.fixture
def ansible(tmp_path):
    """Give a call of ansible-playbook; its value is the output and the number of changes."""
    (tmp_path / "inventory").write_text(
        "[web]\nthis ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n"
    )

    def play(playbook, *words):
        environment = {
            "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "ANSIBLE_ROLES_PATH": str(EXAMPLE / "roles"),
            "ANSIBLE_LIBRARY": str(EXAMPLE / "roles/extra_container/library"),
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_PIPELINING": "1",
        }
        command = [PLAYBOOK, "-i", tmp_path / "inventory", playbook, *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout, int(re.search(r"changed=(\d+)", done.stdout)[1])

    return play


def test_the_example_for_ansible(ansible, tool, tmp_path):
    site = EXAMPLE / "site.yml"
    kept = tmp_path / "definitions"
    words = ("-e", f"extra_container_directory={kept}")
    try:
        output, changes = ansible(site, *words, "--check", "--diff")
        assert "+web: install, start\n" in output
        assert changes > 0
        assert (tool("list").out, kept.exists()) == ("", False)
        _, changes = ansible(site, *words)
        assert changes > 0
        assert fetch(ADDRESS) == "hello\n"
        (tmp_path / "steps.yml").write_text(STEPS)
        text = (EXAMPLE / "web.nix").read_text().replace("hello\\n", "goodbye\\n")
        ansible(tmp_path / "steps.yml", "-e", json.dumps({"changed": text, "kept": str(kept)}))
        assert tool("list").out == ""
    finally:
        tool("destroy", "web", code=None)
