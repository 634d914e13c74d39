"""What is refused, and what is not."""

import pytest

import extra_container_policy
from extra_container.plugin import ProblemKind
from extra_container.testing import built_container, fake_host, hooks_with, make_request, run_state


def problems(tmp_path, *flags, **settings):
    container = built_container("web", conf_text=f"EXTRA_NSPAWN_FLAGS={' '.join(flags)}\n")
    hooks = hooks_with(extra_container_policy, settings=settings)
    return hooks.check_build(run_state(container).result, fake_host(tmp_path), make_request())


@pytest.mark.parametrize(
    "flag",
    ["--bind=/etc:/host", "--bind-ro=/etc/shadow:/s", "--bind=/:/host", "--bind=/var/../etc:/x:idmap", "--bind=/etc"],
)
def test_what_has_etc_in_it_is_refused(tmp_path, flag):
    (problem,) = problems(tmp_path, "--bind=/srv:/srv", flag)
    assert problem.kind is ProblemKind.POLICY
    assert "no container may have /etc of this host" in problem.message


def test_links_are_followed(tmp_path):
    (tmp_path / "link").symlink_to("/etc")
    assert len(problems(tmp_path, f"--bind={tmp_path}/link:/x")) == 1


def test_other_places_are_fine(tmp_path):
    assert problems(tmp_path, "--bind=/etcetera:/x", "--bind-ro=/srv/etc:/etc") == ()


def test_other_places_are_refused_by_the_settings(tmp_path):
    (problem,) = problems(tmp_path, "--bind=/etc", "--bind=/home/me", refused=["/home"])
    assert "/home of this host" in problem.message
