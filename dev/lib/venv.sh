# shellcheck shell=bash
# The checkout's virtual environment, .venv, with the program installed editable.

venv=$root/.venv

# An environment can neither be moved nor be used with another Python than the one that made it.
venv_origin() {
  printf '%s %s\n' "$root" "$(readlink -f "$venv/bin/python")"
}

venv_is_usable() {
  [[ -x $venv/bin/python && -e $venv/origin && $(<"$venv/origin") == "$(venv_origin)" ]]
}

venv_is_current() {
  venv_is_usable && [[ -e $venv/pyproject.toml ]] && cmp -s "$root/pyproject.toml" "$venv/pyproject.toml"
}

new_venv() {
  say "Creating the virtual environment .venv"
  command -v python3 >/dev/null || install_packages python3 python3-venv
  rm -rf "$venv"
  if ! python3 -c 'import ensurepip' 2>/dev/null; then
    install_packages python3-venv
  fi
  python3 -m venv "$venv"
  venv_origin >"$venv/origin"
}

# The build back end is installed too, so that building a wheel later needs no download.
fill_venv() {
  local log=$venv/pip.log
  local -a build_requirements
  mapfile -t build_requirements < <(
    "$venv/bin/python" -c '
import sys, tomllib
print(*tomllib.load(sys.stdin.buffer)["build-system"]["requires"], sep="\n")' <"$root/pyproject.toml"
  )
  say "Installing the program and its Python packages into .venv"
  run_logged "$log" "$venv/bin/pip" install "${build_requirements[@]}"
  run_logged "$log" "$venv/bin/pip" install --no-build-isolation -e "${root}[dev]"
}

# The stamp, a copy of pyproject.toml, is written last: what was left half done is done again. A change of
# pyproject.toml is installed in place, which does not pull the environment from under a running program.
update_venv() {
  # Another script may have done it while this one waited for the lock.
  venv_is_current && return
  venv_is_usable || new_venv
  rm -f "$venv/pyproject.toml"
  cp "$root/pyproject.toml" "$venv/pyproject.toml.new"
  fill_venv
  mv "$venv/pyproject.toml.new" "$venv/pyproject.toml"
}

ensure_venv() {
  venv_is_current && return
  with_lock "$root" 900 "setting up .venv" update_venv
}
