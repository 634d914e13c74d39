# shellcheck shell=bash
# The program in a running test host: a wheel built from the checkout, installed beside its requirements.

# What ends up in the wheel.
program_hash() {
  find "$root/extra_container" "$root/plugins" "$root/pyproject.toml" "$root/README.md" -type f \
    -not -path '*/__pycache__/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
}

build_wheel() {
  rm -rf "$state/wheel"
  run_logged "$state/wheel.log" "$root/.venv/bin/pip" wheel --no-deps --no-build-isolation \
    --wheel-dir "$state/wheel" "$root"
}

copy_in() {
  # shellcheck disable=SC2016 # expanded by the shell inside
  user=root enter sh -c 'cat >"$1"' sh "$2" <"$1"
}

# install_program — nothing to do while the checkout is what was installed last.
install_program() {
  local now wheel
  now=$(program_hash)
  [[ -e $state/program && $(<"$state/program") == "$now" ]] && return
  say "Installing the checkout in the test host"
  build_wheel
  wheel=$(basename "$state"/wheel/*.whl)
  copy_in "$state/wheel/$wheel" "/opt/$wheel"
  user=root run_logged "$state/install.log" enter /opt/extra-container/bin/pip install --no-deps --no-index \
    --force-reinstall --disable-pip-version-check "/opt/$wheel"
  printf '%s\n' "$now" >"$state/program"
}
