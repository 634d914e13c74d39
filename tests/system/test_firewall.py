"""The packet filter of a container in a network of its own, however it got it. Runs inside the test host, as root."""

import pytest

from tests.system.traffic import asks, inside, rules, run, settled, system

HERE = "10.213.29.1"
# What the container sets up where its own options give no address: its end of a link whose other end is HERE.
ADDRESS = 'networking.interfaces.%s.ipv4.addresses = [ { address = "10.213.29.10"; prefixLength = 24; } ];'
THERE = "10.213.29.10"
NAMESPACE = "/run/netns/firewall"


@pytest.fixture
def link():
    """A link of the host: `fldh` has an address, `fldc` is for a container."""
    run("ip", "link", "add", "fldh", "type", "veth", "peer", "name", "fldc")
    run("ip", "addr", "add", f"{HERE}/24", "dev", "fldh")
    for name in ("fldh", "fldc"):
        run("ip", "link", "set", name, "up")
    yield
    # With the namespace of either end both go.
    run("ip", "link", "del", "fldh", check=False)


@pytest.fixture
def bridge():
    run("ip", "link", "add", "fldb", "type", "bridge")
    run("ip", "addr", "add", f"{HERE}/24", "dev", "fldb")
    run("ip", "link", "set", "fldb", "up")
    yield
    run("ip", "link", "del", "fldb")


@pytest.fixture
def namespace(link):
    """A network namespace that is there already, with the other end of the link."""
    run("ip", "netns", "add", "firewall")
    run("ip", "link", "set", "fldc", "netns", "firewall")
    inner = ("ip", "netns", "exec", "firewall")
    run(*inner, "ip", "addr", "add", f"{THERE}/24", "dev", "fldc")
    run(*inner, "ip", "link", "set", "fldc", "up")
    yield inner
    run("ip", "link", "del", "fldh")
    run("ip", "netns", "del", "firewall")


def create(containers, options, config=""):
    """Start a container whose filter lets in 50 and not 51; a server listens on both."""
    containers.names.add("demo")
    servers = system("0.0.0.0@50", "0.0.0.0@51")
    definition = f"{{ containers.demo = {{ {options} config.imports = [ ({servers}) {{ {config} }} ]; }}; }}"
    return run("extra-container", "create", "--base", "host", "-E", definition, "--start")


def assert_filtered(address=THERE, own=HERE):
    assert settled(lambda: asks(address, 50), f"{address} {own}") == f"{address} {own}"
    assert asks(address, 51) is None


VETH = 'localAddress = "10.213.29.10"; hostAddress = "10.213.29.1";'


@pytest.mark.parametrize("nftables", ["false", "true"])
@pytest.mark.parametrize(
    "options",
    [
        f"privateNetwork = true; {VETH}",
        f"extraVeths.fldx = {{ {VETH} }};",
    ],
    ids=["privateNetwork", "extraVeths"],
)
def test_links_of_its_own(containers, options, nftables):
    create(containers, options, f"networking.nftables.enable = {nftables};")
    assert_filtered()


@pytest.mark.parametrize("nftables", ["false", "true"])
@pytest.mark.parametrize(
    ("options", "interface"),
    [
        ('interfaces = [ "fldc" ];', "fldc"),
        ('macvlans = [ "fldc" ];', "mv-fldc"),
        ('extraFlags = [ "--network-interface=fldc" ];', "fldc"),
        ('extraFlags = [ "--network-macvlan=fldc" ];', "mv-fldc"),
        ('extraFlags = [ "--network-macvlan fldc" ];', "mv-fldc"),
    ],
)
@pytest.mark.usefixtures("link")
def test_interfaces_of_the_host(containers, options, interface, nftables):
    create(containers, options, f"{ADDRESS % interface} networking.nftables.enable = {nftables};")
    assert_filtered()


@pytest.mark.usefixtures("bridge")
def test_a_bridge_by_flag(containers):
    create(containers, 'extraFlags = [ "--network-bridge=fldb" ];', ADDRESS % "host0")
    assert_filtered()


@pytest.mark.usefixtures("bridge")
def test_show_ip_says_what_is_true_of_a_bridged_container(containers):
    create(containers, 'privateNetwork = true; hostBridge = "fldb";')
    done = run("extra-container", "show-ip", "demo", check=False)
    assert done.returncode == 1
    assert "The container demo has no address that its definition names: it is on the bridge fldb" in done.stderr


@pytest.mark.parametrize("flags", ["--network-veth", "-n", "--private-network --network-veth"])
def test_a_link_by_flag(containers, flags):
    create(containers, f'extraFlags = [ "{flags}" ];', ADDRESS % "host0")
    run("ip", "addr", "add", f"{HERE}/24", "dev", "ve-demo")
    run("ip", "link", "set", "ve-demo", "up")
    assert_filtered()


def test_a_zone_by_flag(containers):
    create(containers, 'extraFlags = [ "--network-zone=fld" ];', ADDRESS % "host0")
    run("ip", "addr", "add", f"{HERE}/24", "dev", "vz-fld")
    run("ip", "link", "set", "vz-fld", "up")
    assert_filtered()


@pytest.mark.parametrize("nftables", ["false", "true"])
@pytest.mark.parametrize(
    "options",
    [
        f'networkNamespace = "{NAMESPACE}";',
        f'extraFlags = [ "--network-namespace-path={NAMESPACE}" ];',
        f'extraFlags = [ "--network-namespace-path" "{NAMESPACE}" ];',
        f'networkNamespace = "{NAMESPACE}"; additionalCapabilities = [ "CAP_NET_ADMIN" ];',
    ],
)
def test_a_namespace_that_was_there(containers, namespace, options, nftables):
    """systemd-nspawn does not let the container administer it, so the host sets the filter."""
    create(containers, options, f"networking.nftables.enable = {nftables};")
    assert_filtered()
    assert "nixos-fw" not in rules(), "the host's own filter"
    run("extra-container", "stop", "demo")
    left = run(*namespace, "iptables-save").stdout + run(*namespace, "nft", "list", "ruleset").stdout
    assert "nixos-fw" not in left


@pytest.mark.usefixtures("namespace")
def test_a_port_is_opened_in_a_namespace_that_was_there(containers):
    create(containers, f'networkNamespace = "{NAMESPACE}";')
    assert_filtered()
    create(containers, f'networkNamespace = "{NAMESPACE}";', "networking.firewall.allowedTCPPorts = [ 51 ];")
    assert settled(lambda: asks(THERE, 51), f"{THERE} {HERE}") == f"{THERE} {HERE}"


@pytest.mark.usefixtures("namespace")
def test_own_commands_are_not_run_outside(containers, tmp_path):
    proof = tmp_path / "was-here"
    done = create(
        containers,
        f'networkNamespace = "{NAMESPACE}";',
        f'networking.nftables.enable = false; networking.firewall.extraCommands = "touch {proof}";',
    )
    assert_filtered()
    assert not proof.exists()
    assert "containers.demo.config: networking.firewall.extraCommands has no effect" in done.stderr


@pytest.mark.parametrize(
    "options",
    [
        "",
        "enableTun = true;",
        'additionalCapabilities = [ "CAP_NET_ADMIN" ];',
        'networkNamespace = "/proc/self/ns/net"; additionalCapabilities = [ "CAP_NET_ADMIN" ];',
        'extraFlags = [ "--capability=CAP_NET_ADMIN" ];',
        'extraFlags = [ "--hostname=other" ];',
    ],
)
def test_the_network_of_the_host_is_left_alone(containers, options):
    before = rules()
    create(containers, options)
    answer = "127.0.0.1 127.0.0.1"
    assert settled(lambda: asks("127.0.0.1", 51), answer) == answer
    states = run(*inside("demo"), "systemctl", "is-active", "firewall", "nftables", check=False).stdout.split()
    assert "active" not in states
    assert rules() == before


def test_a_firewall_that_is_switched_off(containers, namespace):
    create(containers, f'networkNamespace = "{NAMESPACE}";', "networking.firewall.enable = false;")
    assert settled(lambda: asks(THERE, 51), f"{THERE} {HERE}") == f"{THERE} {HERE}"
    assert "nixos-fw" not in run(*namespace, "iptables-save").stdout
