"""The names of environment variables that people set."""

from __future__ import annotations

ETC = "EXTRA_CONTAINER_ETC"  # a finished build to use as definition
DISABLE_PLUGINS = "EXTRA_CONTAINER_DISABLE_PLUGINS"  # names of plugins not to load
PLUGIN_SECONDS = "EXTRA_CONTAINER_PLUGIN_SECONDS"  # replaces the time limits of hooks
ALWAYS_RELOAD = "EXTRA_CONTAINER_ALWAYS_RELOAD"  # have systemd read its unit files again after every change
SHORTCUTS_OFF = "EXTRA_CONTAINER_SHORTCUTS_OFF"  # names of shortcuts that are not taken, see shortcuts.py
EVAL_RECORD = "EXTRA_CONTAINER_EVAL_RECORD"  # never: as --no-eval-record; always: watch every evaluation
