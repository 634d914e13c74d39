# shellcheck shell=bash
# The test host's files: a Debian tree that is made once for a recipe (this file), and above it a layer with
# the Python packages that pyproject.toml asks for. Both are only read while a host runs.

readonly host_suite=${EXTRA_CONTAINER_HOST_SUITE:-trixie}
host_packages=(
  systemd systemd-sysv dbus systemd-container
  nix-bin python3 python3-venv
  iproute2 iptables nftables netcat-openbsd curl ca-certificates
  openssh-client openssh-server sudo procps e2fsprogs less strace zstd
  zsh fish firewalld libnss-mymachines libnss-systemd
)
# Debian 12 has no other sudo; tests with that one fail there.
[[ $host_suite == bookworm ]] || host_packages+=(sudo-rs)
readonly host_packages

# What containers of a real NixOS are made of beside that: programs that its modules name, a compiler for the one that NixOS
# compiles, and services that tests run in them.
readonly -a nixpkgs_packages=(
  acl attr dbus-broker file jq kmod libc6-dev libcap2-bin linux-libc-dev logrotate openresolv tcc xsltproc
  libconfig-inifiles-perl libfile-slurp-perl libipc-run-perl libjson-perl libnet-dbus-perl
  gawk netbase nginx-light postgresql shellcheck
)

# name_tree FLAVOUR — the flavour nixpkgs has a tree of its own.
name_tree() {
  packages=("${host_packages[@]}")
  [[ $1 != nixpkgs ]] || packages+=("${nixpkgs_packages[@]}")
  tree=$cache/hosts/$host_suite-$(hash_of "$(<"$root/dev/lib/host_tree.sh")" "${packages[@]}")
}

# The machine's own Debian mirror; another distribution has none, and then mmdebstrap's default is right.
debian_mirror() {
  # shellcheck disable=SC2016 # the names are apt's
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }'
}

# How the machine reaches its mirrors: proxies, certificates, checks.
write_apt_settings() {
  apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-|Languages)' >"$1" || [[ ! -s $1 ]]
}

# configure_tree ROOT — what makes the tree a host for tests.
configure_tree() {
  local target=$1
  # A booted tree without an ID would count as a first boot, and enable every unit.
  systemd-machine-id-setup --root="$target"
  install -d "$target/nix/store" "$target/nix/var/nix/profiles/default" \
    "$target/opt/extra-container"
  printf '# No name server: this host has a network of its own.\n' >"$target/etc/resolv.conf"
  # mmdebstrap leaves the machine's name here; a host's name comes from systemd-nspawn.
  rm "$target/etc/hostname"
  chroot "$target" useradd --create-home --shell /bin/bash alice
  printf 'alice ALL=(ALL:ALL) NOPASSWD: SETENV: ALL\n' >"$target/etc/sudoers.d/alice"
  chmod 0440 "$target/etc/sudoers.d/alice"
  # What only some tests want is off until they turn it on: names from machined, and firewalld.
  sed -i 's/ mymachines//' "$target/etc/nsswitch.conf"
  ln -s /dev/null "$target/etc/systemd/system/firewalld.service"
  # Without a network and kernel modules of its own, these only fail or slow the boot down.
  local unit
  for unit in systemd-modules-load.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer ssh.service ssh.socket getty.target; do
    ln -sf /dev/null "$target/etc/systemd/system/$unit"
  done
  # Services that only containers are to run; the package of one makes it the host's D-Bus.
  for unit in dbus-broker.service nginx.service postgresql.service logrotate.timer; do
    if [[ -e $target/usr/lib/systemd/system/$unit ]]; then
      systemctl --root="$target" disable "$unit"
    fi
  done
}

build_tree() {
  local new=$tree.new mirror
  [[ -d $tree ]] && return
  say "Building the test host's tree ($host_suite), about half a minute; kept in $cache"
  rm -rf --one-file-system "$new"
  mkdir -p "$new"
  write_apt_settings "$new/apt.conf"
  mirror=$(debian_mirror)
  # In a mount namespace of its own, so that nothing stays mounted in a tree that was left half done.
  run_logged "$new/build.log" unshare --mount mmdebstrap --mode=root --variant=minbase \
    --include="$(IFS=,; printf '%s' "${packages[*]}")" --aptopt="$new/apt.conf" "$host_suite" "$new/root" ${mirror:+"$mirror"}
  run_logged "$new/configure.log" configure_tree "$new/root"
  mv "$new" "$tree"
}

# Only a tree that is whole has the name.
ensure_tree() {
  [[ -d $tree ]] && return
  mkdir -p "$cache/hosts"
  with_lock "$cache/hosts" 1200 "building the test host" build_tree
}

# The layer's name depends on what is installed in it, not on the rest of pyproject.toml.
find_python_layer() {
  mapfile -t requirements < <("$root/.venv/bin/python" "$root/dev/lib/requirements.py" <"$root/pyproject.toml")
  ((${#requirements[@]})) || die "pyproject.toml has no requirements"
  layer=$tree/python-$(hash_of "${requirements[@]}")
}

# install_requirements LAYER — the tree's own Python installs, with the machine's network and pip settings.
install_requirements() {
  local -a pip_settings network=(--resolv-conf=off --bind-ro=/etc/resolv.conf)
  local name
  for name in http_proxy https_proxy no_proxy; do
    [[ -z ${!name-} ]] || network+=("--setenv=$name=${!name}")
  done
  [[ ! -d /etc/ssl/certs ]] || network+=(--bind-ro=/etc/ssl/certs)
  mapfile -t pip_settings < <("$root/.venv/bin/pip" config list | "$root/.venv/bin/python" "$root/dev/lib/pip_settings.py")
  (
    join_cgroup "extra-container-layer-$$"
    # shellcheck disable=SC2016 # expanded by the shell inside
    exec systemd-nspawn --quiet --keep-unit --register=no --directory="$tree/root" --machine="layer-$$" \
      --volatile=overlay --bind="$1:/opt/extra-container" --timezone=off --link-journal=no \
      "${network[@]}" "${pip_settings[@]}" \
      sh -euc 'python3 -m venv /opt/extra-container; /opt/extra-container/bin/pip install "$@"' \
      sh "${requirements[@]}"
  )
}

build_python_layer() {
  local new=$layer.new program
  [[ -d $layer ]] && return
  say "Installing the Python packages of the test host"
  rm -rf --one-file-system "$new"
  mkdir -p "$new/opt/extra-container" "$new/usr/local/bin"
  run_logged "$layer.log" install_requirements "$new/opt/extra-container"
  remove_cgroup "extra-container-layer-$$"
  for program in extra-container pytest; do
    ln -s "/opt/extra-container/bin/$program" "$new/usr/local/bin/$program"
  done
  mv "$new" "$layer"
}

ensure_python_layer() {
  find_python_layer
  [[ -d $layer ]] && return
  with_lock "$tree" 600 "installing Python packages for the test host" build_python_layer
}
