# shellcheck shell=bash
# A booted test host. All that it has on the machine: a state folder below /run, a scratch folder in the
# cache, a cgroup, and the systemd-nspawn process; the overlay is mounted in that process's namespace only.

readonly host_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# name_host FLAVOUR NAME — two checkouts never share a host.
name_host() {
  flavour=$1
  host=ec-$2-$(hash_of "$root")
  state=/run/extra-container-dev/$host
  scratch=$cache/running/$host
}

host_leader() {
  recorded_process "$state/leader"
}

# What a flavour has on top of the tree.
add_flavour() {
  [[ $flavour == nixos ]] || return 0
  install -d "$1/etc/tmpfiles.d"
  printf 'd /run/booted-system 0755 - - -\nf /run/booted-system/nixos-version 0444 - - - 25.05.test\n' \
    >"$1/etc/tmpfiles.d/nixos-version.conf"
}

# Mounts the tree, the Python layer and the scratch folder as one. Some file systems (an overlay, for one)
# cannot hold an overlay's upper folder: then a copy does.
prepare_root() {
  mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
  if mount -t overlay -o "lowerdir=$layer:$tree/root,upperdir=$scratch/upper,workdir=$scratch/work" \
    extra-container-host "$scratch/root"; then
    :
  else
    cp -a --reflink=auto "$tree/root/." "$layer/." "$scratch/root/"
  fi
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$host" >"$scratch/root/etc/hosts"
  add_flavour "$scratch/root"
}

# Becomes the systemd-nspawn process; runs in a mount namespace of its own.
exec_nspawn() {
  local -a flavour_flags=()
  [[ $flavour == nixos ]] && flavour_flags+=(--setenv=SYSTEMD_UNIT_PATH=/etc/systemd-mutable/system:)
  prepare_root
  exec systemd-nspawn --quiet --keep-unit --register=no --boot --directory="$scratch/root" \
    --machine="$host" --capability=all --private-network --resolv-conf=off --timezone=off \
    --link-journal=no --console=read-only --bind-ro="$root:/src" "${flavour_flags[@]}"
}

# The leader is the child that is PID 1 in a namespace of its own.
find_leader() {
  local child
  for child in $(pgrep --parent "$1"); do
    if [[ $(awk '$1 == "NSpid:" { print $NF, NF }' "/proc/$child/status" 2>/dev/null) == '1 3' ]]; then
      printf '%s\n' "$child"
      return
    fi
  done
  return 1
}

boot_failed() {
  tail -n 30 "$state/console.log" >&2
  die "the test host did not boot: $1. Its console is in $state/console.log"
}

# wait_for_boot NSPAWN_PID
wait_for_boot() {
  local leader answer deadline=$((SECONDS + 60))
  until leader=$(find_leader "$1") && record_process "$state/leader" "$leader" &&
    answer=$(enter systemctl is-system-running 2>/dev/null </dev/null || [[ $? == 1 ]]) &&
    [[ $answer == running || $answer == degraded ]]; do
    recorded_process "$state/nspawn" >/dev/null || boot_failed "systemd-nspawn ended"
    ((SECONDS < deadline)) || boot_failed "it is '${answer:-not to be reached}' after 60 s"
    sleep 0.05
  done
}

boot() {
  local pid
  say "Booting the test host $host"
  discard_leftovers
  mkdir -p "$scratch"
  (
    close_inherited_descriptors
    join_cgroup "$host"
    exec setsid unshare --mount "$root/dev/host" --flavour "$flavour" --name "$name" exec-nspawn
  ) >"$state/console.log" 2>&1 </dev/null &
  pid=$!
  record_process "$state/nspawn" "$pid" || boot_failed "systemd-nspawn ended"
  wait_for_boot "$pid"
  printf '%s\n' "$layer" >"$state/layer"
  enter systemctl --failed --no-legend --plain </dev/null >&2
}

# become_inside COMMAND… — turns the calling shell into COMMAND in the host's namespaces and in a cgroup of
# the host, so that it ends with the host. Of the caller's environment only the terminal's type gets in.
become_inside() {
  local leader terminal=()
  leader=$(host_leader) || die "the test host $host is not up; boot it with dev/host up"
  [[ ${user:-root} == root ]] || set -- runuser -u "$user" -- env "HOME=/home/$user" "USER=$user" "LOGNAME=$user" "$@"
  # The caller's terminal belongs to another devpts and session, which leaves a shell without job control.
  if [[ -t 0 && -t 1 ]]; then
    terminal=(script --quiet --return --command "$(printf '%q ' "$@")" /dev/null)
    set --
  fi
  join_cgroup "$host/payload/entered"
  # --pdeathsig: ending this command ends the one inside.
  exec nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup \
    setpriv --pdeathsig TERM \
    env --ignore-environment --chdir=/ "PATH=$host_path" "TERM=${TERM:-dumb}" LANG=C.UTF-8 \
    HOME=/root USER=root LOGNAME=root SHELL=/bin/bash "${terminal[@]}" "$@"
}

enter() {
  (become_inside "$@")
}

# What a container made immutable (its var/empty) cannot be removed as it is.
discard_leftovers() {
  if ! rm -rf --one-file-system "$scratch" 2>/dev/null; then
    find "$scratch" -xdev \( -type d -o -type f \) -exec chattr -i {} +
    rm -rf --one-file-system "$scratch"
  fi
  find "$state" -mindepth 1 -delete
  remove_cgroup "$host"
}

# systemd-nspawn hands SIGTERM on as an orderly halt.
halt() {
  local pid
  if pid=$(recorded_process "$state/nspawn"); then
    say "Halting the test host $host"
    kill -TERM "$pid"
    if ! wait_for_end "$state/nspawn" 30; then
      say "It did not halt within 30 s: killing it"
      if pid=$(host_leader); then
        kill -KILL "$pid"
      fi
      wait_for_end "$state/nspawn" 10 || die "systemd-nspawn (process $(<"$state/nspawn")) does not end"
    fi
  fi
  discard_leftovers
  rmdir "$state"
}
