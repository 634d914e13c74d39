"""`shell` on a terminal where $SHELL is a zsh or a fish."""

import re
from pathlib import Path

import pytest

from tests.containers.shell.conftest import terminal, tool  # noqa: F401 -- fixtures

PROMPT = "ready> "
# Where a shell reads its user's set-up, which gives it a prompt to wait for. zsh has its line editor off, because
# it draws lines anew on a terminal that cannot move its cursor.
SET_UP = {
    "zsh": (".zshrc", f"PS1='{PROMPT}'\nunsetopt zle prompt_cr prompt_sp\n"),
    "fish": (".config/fish/config.fish", f"function fish_prompt\n echo -n '{PROMPT}'\nend\nset -g fish_greeting\n"),
}
OWN_PID = {"zsh": "$$", "fish": "$fish_pid"}
LAST_CODE = {"zsh": "$?", "fish": "$status"}


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_a_session_in_the_users_shell(tool, terminal, name):  # noqa: F811 -- the fixtures
    path, text = SET_UP[name]
    file = Path(tool.environment["HOME"], path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    tool.environment["SHELL"] = f"/usr/bin/{name}"
    on = terminal(body=tool.network)
    assert 'Enter "h" for documentation.' in on.expect(PROMPT)

    # The terminal echoes what is typed, so each answer has a form that the question has not.
    for command, answer in (
        (f"readlink /proc/{OWN_PID[name]}/exe", f"/{name}"),
        ("echo is-$name-$ip.", re.escape(f"is-{tool.name}-{tool.ip}.")),
        ("c hostname | tr a-z A-Z", tool.name.upper()),
        ("h", re.escape(f"State directory: {tool.states / tool.name}")),
        (f"c sh -c 'exit 9'; echo code-{LAST_CODE[name]}.", r"code-9\."),
    ):
        on.type(f"{command}\n")
        on.expect(answer)
        on.expect(PROMPT)
    assert tool.exists()
    on.type("exit 5\n")
    assert on.end() == 5
    assert not tool.exists()
