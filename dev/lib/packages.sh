# shellcheck shell=bash
# System packages. Whether something is missing is asked of PATH, which costs no process; apt is called
# only when something is.

# Commands (or files) and the Debian packages that bring them.
readonly -a program_commands=(
  nix-build:nix-bin
  systemd-nspawn:systemd-container
  ip:iproute2
  iptables:iptables
  nft:nftables
  ssh:openssh-client
  sshd:openssh-server
  sudo:sudo
  curl:curl
  nsenter:util-linux
  strace:strace
  zstd:zstd
  jq:jq
)
readonly -a test_host_commands=(
  git:git
  mmdebstrap:mmdebstrap
  /usr/share/keyrings/debian-archive-keyring.gpg:debian-archive-keyring
)

# Administrators' commands are looked for where a normal user's PATH does not lead.
is_present() {
  local PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  [[ $1 == /* && -e $1 ]] || command -v "$1" >/dev/null
}

# missing_packages COMMAND_OR_FILE:PACKAGE… — sets the array `missing`.
missing_packages() {
  local pair
  missing=()
  for pair; do
    is_present "${pair%%:*}" || missing+=("${pair#*:}")
  done
}

can_use_apt() {
  is_root && command -v apt-get >/dev/null
}

# A fresh machine may run its own apt at first boot: wait for that one, but not for ever.
apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

install_packages() {
  local log
  can_use_apt || die "missing: $*. Install these packages (or what brings their programs here) and try again; as root on Debian or Ubuntu this script does it."
  log=$(mktemp)
  say "Installing system packages: $*"
  # The lists may be absent (container images) or old, so that a package's address is gone.
  if ! run_logged "$log" apt_get install --no-install-recommends "$@" 2>/dev/null; then
    say "Updating the package lists"
    run_logged "$log" apt_get update
    run_logged "$log" apt_get install --no-install-recommends "$@"
  fi
  rm "$log"
}

# ensure_commands COMMAND_OR_FILE:PACKAGE…
ensure_commands() {
  local -a missing
  missing_packages "$@"
  if ((${#missing[@]})); then
    install_packages "${missing[@]}"
  fi
}
