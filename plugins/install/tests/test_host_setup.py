"""Which files a host should have."""

from dataclasses import replace
from pathlib import Path

from extra_container_install import host_setup
from extra_container_install.host_facts import resolve_program
from extra_container_install.host_files import Directory, RegularFile, SymbolicLink
from extra_container_install.host_setup import HostFacts, secure_path_of_host, sudoers_text, wanted_files

FACTS = HostFacts(
    program=("/opt/x/bin/extra-container",),
    nix=Path("/nix/var/nix/profiles/default/bin"),
    secure_path="/usr/sbin:/usr/bin",
    manual=Path("/opt/x/share/man/man1/extra-container.1"),
)


def contents(facts):
    return {file.path: file.content for file in wanted_files(facts)}


def test_a_host_with_everything():
    found = contents(FACTS)
    assert found[host_setup.PROGRAM] == SymbolicLink(target=Path("/opt/x/bin/extra-container"))
    assert found[host_setup.RELEASE] == SymbolicLink(target=Path("../os-release"))
    assert found[host_setup.MANUAL] == SymbolicLink(target=FACTS.manual)
    assert 'eval "$(extra-container completion)"' in found[host_setup.COMPLETION].text
    assert host_setup.ZSH_COMPLETION not in found


def test_the_shells_and_the_pages_of_commands_that_there_are():
    page = Path("/opt/x/share/man/man1/extra-container-create.1")
    found = contents(replace(FACTS, shells=("zsh", "fish"), pages=(page,)))
    assert found[host_setup.MANUAL.with_name(page.name)] == SymbolicLink(target=page)
    assert found[host_setup.ZSH_COMPLETION].text.startswith("#compdef extra-container\n")
    assert "completion fish | source" in found[host_setup.FISH_COMPLETION].text
    assert found[host_setup.SUDOERS].mode == 0o440
    assert host_setup.GC_ROOT not in found


def test_the_directory_of_nix_socket_is_made_where_nobody_made_it():
    assert host_setup.DAEMON_SOCKET not in contents(FACTS)
    assert contents(replace(FACTS, socket_lacking=True))[host_setup.DAEMON_SOCKET] == Directory()


def test_sudo_finds_nix_and_keeps_nix_path_for_this_program_only():
    lines = sudoers_text("/usr/local/bin:/usr/bin", FACTS.nix).splitlines()[1:]
    command = "Defaults!/usr/local/bin/extra-container"
    assert lines == [
        f'{command} secure_path = "/usr/local/bin:/usr/bin:/nix/var/nix/profiles/default/bin"',
        f'{command} env_keep += "NIX_PATH"',
    ]


def test_sudo_finds_the_program_where_its_path_lacks_the_directory():
    text = sudoers_text("/usr/sbin:/usr/bin", FACTS.nix)
    with_program = "/usr/sbin:/usr/bin:/usr/local/bin"
    assert text.splitlines()[1:3] == [
        f'Defaults secure_path = "{with_program}"',
        f'Defaults!/usr/local/bin/extra-container secure_path = "{with_program}:/nix/var/nix/profiles/default/bin"',
    ]
    assert secure_path_of_host(with_program, text) == "/usr/sbin:/usr/bin"
    assert secure_path_of_host(with_program, "") == with_program
    assert secure_path_of_host("/bin:/usr/local/bin", text) == "/bin:/usr/local/bin"


def test_a_directory_is_not_added_twice():
    assert '"/usr/bin:/usr/local/bin"' in sudoers_text("/usr/bin:/usr/local/bin", Path("/usr/bin"))


def test_without_a_secure_path_none_is_set():
    assert "secure_path" not in sudoers_text("", FACTS.nix)


def test_without_sudo_nothing_is_set():
    assert host_setup.SUDOERS not in contents(replace(FACTS, secure_path=None))


def test_what_others_made_is_not_wanted():
    found = contents(replace(FACTS, release=True, manual=None, program=(str(host_setup.PROGRAM),)))
    assert set(found) == {host_setup.COMPLETION, host_setup.SUDOERS}


def test_a_program_that_is_a_module_gets_a_script():
    python = "/opt/a b/bin/python"
    script = contents(replace(FACTS, program=(python, "-I", "-m", "extra_container")))[host_setup.PROGRAM]
    text = "#!/bin/sh\nexec '/opt/a b/bin/python' -I -m extra_container \"$@\"\n"
    assert script == RegularFile(text=text, mode=0o755)


def test_a_program_in_the_nix_store_is_kept_from_garbage_collection():
    found = contents(replace(FACTS, program=("/nix/store/abc-x/bin/extra-container",)))
    assert found[host_setup.GC_ROOT] == SymbolicLink(target=Path("/nix/store/abc-x"))


def test_links_to_the_program_are_followed(tmp_path):
    program = tmp_path / "real/extra-container"
    program.parent.mkdir()
    program.touch()
    (tmp_path / "link").symlink_to(program)
    assert resolve_program((str(tmp_path / "link"),)) == (str(program),)


def test_the_link_of_a_nix_profile_is_not_followed(tmp_path):
    link = tmp_path / "profile"
    link.symlink_to("/nix/store/abc-x/bin/extra-container")
    assert resolve_program((str(link),)) == (str(link),)
