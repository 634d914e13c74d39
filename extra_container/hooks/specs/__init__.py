"""The hooks, version 1: what a plugin can do and when.

A plugin is a module (or package) with some of these functions, each marked with
:data:`extra_container.plugin.hookimpl`, named by an entry point of the group ``extra_container.plugins.v1``. A hook
may take fewer arguments than are listed here. *Pure* hooks decide and must not change anything; *acting* hooks may.
Contributions of several plugins are merged; two that set the same thing are an error that names both. For
every hook ``None`` is "nothing from me". The kind of a hook says how long it may take.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType

from extra_container.hooks.specs import acting, deciding
from extra_container.hooks.specs.kinds import Kind

# Where they are declared, for pluggy.
MODULES: tuple[ModuleType, ...] = (deciding, acting)
# In the order in which a run comes to them.
_HOOKS: Mapping[str, Callable[..., object]] = MappingProxyType(
    {
        hook.__name__: hook
        for hook in (
            deciding.ec_add_arguments,
            deciding.ec_add_places,
            deciding.ec_elsewhere,
            deciding.ec_detect_host,
            deciding.ec_wrap_host,
            deciding.ec_check_request,
            acting.ec_before_build,
            deciding.ec_build_inputs,
            deciding.ec_check_build,
            deciding.ec_plan_install,
            deciding.ec_extra_install,
            acting.ec_before_start,
            acting.ec_before_stop,
            acting.ec_before_update,
            acting.ec_after_stop,
            deciding.ec_check_install,
            acting.ec_after_start,
            acting.ec_after_update,
            acting.ec_verify,
            acting.ec_after_run,
            deciding.ec_session,
            deciding.ec_plan_destroy,
            acting.ec_before_destroy,
            acting.ec_after_destroy,
            deciding.ec_doctor_checks,
            deciding.ec_observe,
        )
    }
)


def declared() -> dict[str, Callable[..., object]]:
    """Return the hooks by name, in the order in which a run comes to them."""
    return dict(_HOOKS)


def kind_of(hook: str) -> Kind:
    """Return the kind that a hook was declared with."""
    kind: Kind = _HOOKS[hook].__dict__["kind"]
    return kind


def can_be_wrapped(hook: str) -> bool:
    """Return whether plugins may be wrappers around the hook."""
    return bool(_HOOKS[hook].__dict__["wrapped"])
