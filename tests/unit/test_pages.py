"""Reading pages of the documentation, apart from following them."""

import pytest

from tests.pages import Command, File, matches, part, steps

PAGE = """# Title

## First

Text.

`web.nix` is a definition:

```nix
{ }
```

```nix
only shown
```

```console
# extra-container create web.nix
web

# extra-container shell web.nix
...
[root@web:~]# exit
```

## Second

```console
$ true
```
"""


def test_files_and_commands_in_order():
    assert steps(PAGE) == [
        File(name="web.nix", text="{ }\n"),
        Command(prompt="#", text="extra-container create web.nix", output="web"),
        Command(prompt="#", text="extra-container shell web.nix", output="..."),
        Command(prompt="[root@web:~]#", text="exit", output=""),
        Command(prompt="$", text="true", output=""),
    ]


def test_a_part_ends_at_the_next_heading():
    assert [step.text for step in steps(part(PAGE, "## Second"))] == ["true"]
    assert len(steps(part(PAGE, "## First"))) == 4


def test_output_without_a_command_is_a_mistake():
    with pytest.raises(AssertionError, match="output before"):
        steps("```console\nweb\n```\n")


@pytest.mark.parametrize(
    ("shown", "seen", "same"),
    [
        ("web", "web\n", True),
        ("web", "webs\n", False),
        ("", "", True),
        ("", "web\n", False),
        ("...", "", True),
        ("...\nweb", "one\ntwo\nweb\n", True),
        ("...\nweb", "web\n", True),
        ("...\nweb", "one\n", False),
        ("one\n...\nweb", "one\ntwo\nweb\n", True),
        ("Building containers...\n\nweb", "Building containers...\n\nweb\n", True),
        ("took ... s", "took 12 s\n", True),
        ("took ... s", "took 12\n s\n", False),
        ("a.c", "abc\n", False),
    ],
)
def test_output_is_compared(shown, seen, same):
    assert matches(shown, seen) is same
