"""`--ssh`, `extra.enableSSH` and `cssh`."""


def test_cssh(tool):
    script = """
      cssh hostname; cssh 'exit 7'; echo code $?; echo through | cssh cat
      ssh -O check -S $EXTRA_CONTAINER_SESSION/ssh root@$ip 2>&1
    """
    done = tool.shell("--ssh", "--run", "sh", "-c", script, body=tool.network)
    said = done.stdout.partition("Running command.\n")[2]
    assert said.startswith(f"{tool.name}\ncode 7\nthrough\nMaster running"), done.stdout + done.stderr


def test_cssh_by_the_containers_own_option(tool):
    done = tool.shell("--run", "cssh", "exit 3", body=tool.network + "extra.enableSSH = true;")
    assert done.returncode == 3, done.stderr


def test_cssh_trusts_nobody_else(tool):
    forge = "ssh-keygen -q -t ed25519 -N '' -f /run/other && cp /run/other.pub /etc/ssh/ssh_host_ed25519_key.pub"
    done = tool.shell("--ssh", "--run", "sh", "-c", f'c sh -c "{forge}"; cssh true', body=tool.network)
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


def test_cssh_without_an_address_says_so(tool):
    done = tool.shell("--ssh", "--run", "cssh", "true")
    assert done.returncode == 255
    assert f"The container {tool.name} has no address of its own" in done.stderr


def test_no_cssh_unless_asked_for(tool):
    assert tool.shell("--run", "cssh", "true", body=tool.network).returncode == 127


def test_an_option_that_cannot_be_met_is_named(tool):
    done = tool.shell("--run", "true", body="extra.enableSSH = true;")
    assert done.returncode == 3
    assert f"containers.{tool.name}.extra.enableSSH needs an address" in done.stderr
