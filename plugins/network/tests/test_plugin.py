import pytest

import extra_container_network
from extra_container.plugin import BuildResult, Host, layout
from extra_container.testing import built_container


@pytest.fixture
def host(tmp_path):
    (tmp_path / "roots").mkdir()
    (tmp_path / "confs").mkdir()
    return Host(
        name="test",
        manager=None,
        unit_directory=tmp_path / "units",
        conf_directory=tmp_path / "confs",
        gc_roots=tmp_path / "roots",
    )


@pytest.fixture
def inputs(host, tmp_path, monkeypatch):
    monkeypatch.setattr(extra_container_network, "_ROUTES", tmp_path / "route")
    monkeypatch.setattr(layout, "CONF_DIRECTORIES", (tmp_path / "declared",))
    return lambda: extra_container_network.ec_build_inputs(host)


def test_the_module_is_there(inputs):
    (module,) = inputs().modules
    assert module.is_absolute()
    assert "imports" in module.read_text()


def test_installed_containers_keep_theirs_and_nobody_else_gets_it(inputs, host, tmp_path):
    conf = tmp_path / "demo.conf"
    conf.write_text("HOST_ADDRESS=10.251.0.1\nLOCAL_ADDRESS=10.251.0.2\n")
    (host.gc_roots / "extra-container-demo.conf").symlink_to(conf)
    # A container of the host itself is in the way, but its subnet is not ours to give.
    (host.conf_directory / "declared.conf").write_text("HOST_ADDRESS=10.251.1.1\nLOCAL_ADDRESS=10.251.1.2\n")
    network = inputs().values["network"]
    assert network["assigned"] == {"demo": "10.251.0"}
    assert network["free"][0] == "10.251.2"


def test_values_are_json_and_repeatable(inputs):
    import json

    assert json.dumps(dict(inputs().values)) == json.dumps(dict(inputs().values))


def test_addresses_that_are_taken(inputs, host, tmp_path):
    del inputs  # it keeps the machine's own containers out
    conf = "SYSTEM_PATH=/x\nHOST_ADDRESS=10.80.{0}.1\nLOCAL_ADDRESS=10.80.{0}.2\n"
    for name, number in (("ours", 1), ("again", 2)):
        (tmp_path / f"{name}.conf").write_text(conf.format(number))
        (host.gc_roots / f"extra-container-{name}.conf").symlink_to(tmp_path / f"{name}.conf")
    (host.conf_directory / "declared.conf").write_text(conf.format(3))
    build = [
        built_container(name, conf_text=conf.format(number))
        for name, number in (("again", 2), ("first", 1), ("second", 3), ("third", 4))
    ]
    result = BuildResult(path=tmp_path, containers=tuple(build))
    problems = extra_container_network.ec_check_build(result, host)
    assert {problem.message for problem in problems} == {
        "first and ours both use 10.80.1",
        "declared and second both use 10.80.3",
    }
