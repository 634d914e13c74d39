import pytest

from extra_container_network.subnets import free_prefixes, read_routes, single

# Default route, a /24 on the link, a VPN's half of everything, 10.251.4.0/22, one host route.
ROUTES = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	FE7C000A	0003	0	0	0	00000000	0	0	0
eth0	007C000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	00000000	00000000	0001	0	0	0	00000080	0	0	0
tun1	0004FB0A	00000000	0001	0	0	0	00FCFFFF	0	0	0
ve-a	0209FB0A	00000000	0005	0	0	0	FFFFFFFF	0	0	0
"""


def test_nothing_used():
    free = free_prefixes([])
    assert free[:2] == ["10.251.0", "10.251.1"]
    assert len(free) == 256


def test_used_addresses_take_their_subnet():
    free = free_prefixes([single("10.251.0.1"), single("10.251.2.77")])
    assert free[:3] == ["10.251.1", "10.251.3", "10.251.4"]


def test_routes(tmp_path):
    (tmp_path / "route").write_text(ROUTES)
    routes = read_routes(tmp_path / "route")
    assert routes == [(0x0A007C00, 0xFFFFFF00), (0x0AFB0400, 0xFFFFFC00), (0x0AFB0902, 0xFFFFFFFF)]
    assert free_prefixes(routes)[:6] == ["10.251.0", "10.251.1", "10.251.2", "10.251.3", "10.251.8", "10.251.10"]


def test_a_route_to_a_whole_block_leaves_the_other():
    free = free_prefixes([(0x0A000000, 0xFF000000)])
    assert free[0] == "172.29.0"
    assert len(free) == 256


def test_all_used():
    assert free_prefixes([(0x0A000000, 0xFF000000), (0xAC100000, 0xFFF00000)]) == []


def test_no_ipv4(tmp_path):
    assert read_routes(tmp_path / "route") == ()


@pytest.mark.parametrize(
    "text", ["", "fd00::1", "10.251.0", "10.251.0.256", "10.251.0.1.2", "10.251.0.x", "10.251.0.²"]
)
def test_what_is_no_address_uses_nothing(text):
    assert free_prefixes([single(text)])[0] == "10.251.0"
