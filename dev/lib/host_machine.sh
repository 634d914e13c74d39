# shellcheck shell=bash
# A booted test host. All that it has on the machine: a state folder below /run, a scratch folder in the
# cache, two cgroups, and the runner: the process that starts systemd-nspawn, again when the host reboots, and in
# whose namespace alone the overlay is mounted.

readonly host_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# name_host FLAVOUR NAME — two checkouts never share a host.
name_host() {
  flavour=$1
  host=ec-$2-$(hash_of "$root")
  state=/run/extra-container-dev/$host
  scratch=$cache/running/$host
  name_tree "$flavour"
}

# host_trees — trees of nixpkgs that a host of the flavour nixpkgs is given, as NAME=FOLDER lines.
host_trees() {
  [[ $flavour != nixpkgs ]] || tr ':' '\n' <<<"${EXTRA_CONTAINER_TEST_TREES-}" | sed '/^$/d'
}

host_leader() {
  recorded_process "$state/leader"
}

# It lives from `up` to `down` or to a poweroff inside, across reboots.
host_runner() {
  recorded_process "$state/runner"
}

# What a flavour has on top of the tree.
add_flavour() {
  [[ $flavour == nixos ]] || return 0
  install -d "$1/etc/tmpfiles.d"
  printf 'd /run/booted-system 0755 - - -\nf /run/booted-system/nixos-version 0444 - - - 25.05.test\n' \
    >"$1/etc/tmpfiles.d/nixos-version.conf"
}

# place_on_disk PLACE — makes a place of the host a folder of the machine's own file system. An overlay cannot be mounted
# with other users, which containers of NixOS with users of their own ask of the store and of what they write to.
place_on_disk() {
  local folder=$scratch/${1//\//-}
  cp -a --reflink=auto "$scratch/root/$1" "$folder"
  mount --bind "$folder" "$scratch/root/$1"
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
  if [[ $flavour == nixpkgs ]]; then
    place_on_disk nix
    place_on_disk var/lib
  fi
}

# From version 258 on, systemd boots with cgroup2 alone, which a machine with v1's controllers can still give.
choose_cgroups() {
  local version
  version=$(awk '$1 == "systemd" { print $2; exit }' < <(chroot "$tree/root" systemctl --version))
  if ((version >= 258)) && [[ $(stat --file-system --format=%T /sys/fs/cgroup) != cgroup2fs ]]; then
    umount --recursive /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  fi
}

# systemd-nspawn --keep-unit ends with this code for who started it to start it again.
readonly nspawn_reboots=133

# Becomes the systemd-nspawn process, which ends with the runner.
exec_nspawn() {
  local -a flavour_flags=()
  local entry
  while IFS= read -r entry; do
    flavour_flags+=("--bind-ro=${entry#*=}:/trees/${entry%%=*}")
  done < <(host_trees)
  [[ $flavour == nixos ]] && flavour_flags+=(--setenv=SYSTEMD_UNIT_PATH=/etc/systemd-mutable/system:)
  join_cgroup "$host"
  exec setpriv --pdeathsig KILL \
    systemd-nspawn --quiet --keep-unit --register=no --boot --directory="$scratch/root" \
    --machine="$host" --capability=all --private-network --resolv-conf=off --timezone=off \
    --link-journal=no --console=read-only --bind-ro="$root:/src" \
    --bind-ro="$tree/root/usr:/machine/usr" "${flavour_flags[@]}"
}

# The runner, in a mount namespace of its own: what the host wrote stays mounted from one boot to the next.
run_host() {
  local code=$nspawn_reboots
  prepare_root
  choose_cgroups
  while [[ $code == "$nspawn_reboots" && ! -e $state/halting ]]; do
    # systemd-nspawn turned on controllers in the cgroup that it was started in, and so nothing can join it again.
    remove_cgroup "$host"
    exec_nspawn &
    code=0
    wait "$!" || code=$?
  done
  exit "$code"
}

# find_leader PID — the first process below it that is PID 1 in a namespace of its own.
find_leader() {
  local child
  for child in $(pgrep --parent "$1"); do
    if [[ $(awk '$1 == "NSpid:" { print $NF, NF }' "/proc/$child/status" 2>/dev/null) == '1 3' ]]; then
      printf '%s\n' "$child"
      return
    fi
    find_leader "$child" && return
  done
  return 1
}

# The leader of this very boot; one outlives a runner that was killed.
current_leader() {
  local runner
  if runner=$(host_runner); then
    find_leader "$runner"
  else
    host_leader
  fi
}

# Prints the word of systemctl is-system-running, or `unreachable`. Records the leader, which a reboot changes.
host_state() {
  local leader
  if ! leader=$(current_leader); then
    printf 'unreachable\n'
    return
  fi
  [[ $(host_leader) == "$leader" ]] || record_process "$state/leader" "$leader"
  enter systemctl is-system-running 2>/dev/null </dev/null || (($? == 1)) || printf 'unreachable\n'
}

is_booted() {
  [[ $(host_state) =~ ^(running|degraded)$ ]]
}

boot_failed() {
  tail -n 30 "$state/console.log" >&2
  die "the test host did not boot: $1. Its console is in $state/console.log"
}

# wait_for_boot SECONDS — returns 1 if the host is down, and ends the script if it is not up in time.
wait_for_boot() {
  local deadline=$((SECONDS + $1))
  while host_runner >/dev/null; do
    is_booted && return
    ((SECONDS < deadline)) || boot_failed "it is '$(host_state)' after $1 s"
    sleep 0.05
  done
  return 1
}

boot() {
  say "Booting the test host $host"
  discard_leftovers
  mkdir -p "$scratch"
  (
    close_inherited_descriptors
    join_cgroup "$host.runner"
    exec setsid unshare --mount "$root/dev/host" --flavour "$flavour" --name "$name" runner
  ) >"$state/console.log" 2>&1 </dev/null &
  record_process "$state/runner" "$!" || boot_failed "systemd-nspawn ended"
  wait_for_boot 60 || boot_failed "systemd-nspawn ended"
  printf '%s\n' "$layer" >"$state/layer"
  enter systemctl --failed --no-legend --plain </dev/null >&2
}

# A host that reboots comes back; one that was powered off from inside does not.
ensure_booted() {
  wait_for_boot 120 || boot
}

# become_inside COMMAND… — turns the calling shell into COMMAND in the host's namespaces and in a cgroup of
# the host, so that it ends with the host. Of the caller's environment only the terminal's type gets in, and which shortcuts
# the program does not take.
become_inside() {
  local leader tree terminal=() variables=()
  leader=$(host_leader) || die "the test host $host is not up; boot it with dev/host up"
  [[ ${user:-root} == root ]] || set -- runuser -u "$user" -- env "HOME=/home/$user" "USER=$user" "LOGNAME=$user" "$@"
  # The caller's terminal belongs to another devpts and session, which leaves a shell without job control.
  if [[ -t 0 && -t 1 ]]; then
    terminal=(script --quiet --return --command "$(printf '%q ' "$@")" /dev/null)
    set --
  fi
  # What tests look for the trees of nixpkgs with.
  for tree in "/proc/$leader/root/trees"/*; do
    [[ ! -d $tree ]] || variables+=("${tree##*/}=/trees/${tree##*/}")
  done
  ((${#variables[@]} == 0)) || variables=("EXTRA_CONTAINER_TEST_TREES=$(IFS=:; printf '%s' "${variables[*]}")")
  [[ -z ${EXTRA_CONTAINER_SHORTCUTS_OFF-} ]] || variables+=("EXTRA_CONTAINER_SHORTCUTS_OFF=$EXTRA_CONTAINER_SHORTCUTS_OFF")
  join_cgroup "$host/payload/entered"
  # bash waits for the command, from outside its PID namespace: nsenter would stop itself for ever when a system that
  # shuts down stops all processes. It says nothing of its own about a command that was killed.
  # --pdeathsig: ending this command ends the one inside.
  # --default-signal: whoever runs this in the background or with nohup ignores signals, and all inside would.
  # shellcheck disable=SC2016 # expanded by the shell inside
  exec nsenter --no-fork --target "$leader" --mount --uts --ipc --net --pid --cgroup \
    bash -p -c 'exec 3>&2 2>/dev/null; "$@" 2>&3 3>&-; exit "$?"' bash setpriv --pdeathsig TERM \
    env --ignore-environment --default-signal --chdir=/ "PATH=$host_path" "TERM=${TERM:-dumb}" LANG=C.UTF-8 \
    HOME=/root USER=root LOGNAME=root SHELL=/bin/bash "${variables[@]}" "${terminal[@]}" "$@"
}

enter() {
  (become_inside "$@")
}

kill_host() {
  local leader deadline=$((SECONDS + 10))
  while host_runner >/dev/null || host_leader >/dev/null; do
    ((SECONDS < deadline)) || die "the processes of the test host do not end: $(cat "$state/runner" "$state/leader")"
    if leader=$(current_leader); then
      kill -KILL "$leader" 2>/dev/null || continue
    fi
    sleep 0.05
  done
}

# What a container made immutable (its var/empty) cannot be removed as it is.
discard_leftovers() {
  kill_host
  if ! rm -rf --one-file-system "$scratch" 2>/dev/null; then
    find "$scratch" -xdev \( -type d -o -type f \) -exec chattr -i {} +
    rm -rf --one-file-system "$scratch"
  fi
  find "$state" -mindepth 1 -delete
  remove_cgroup "$host"
  remove_cgroup "$host.runner"
}

# The leader's parent is systemd-nspawn, which hands SIGTERM on as an orderly halt. Somewhere between two boots
# there may be nobody to receive it.
halt() {
  local leader
  if host_runner >/dev/null; then
    say "Halting the test host $host"
    : >"$state/halting"
    if is_booted && leader=$(host_leader) && kill -TERM "$(parent_of "$leader")" 2>/dev/null; then
      wait_for_end "$state/runner" 30 || say "It did not halt within 30 s: killing it"
    fi
  fi
  discard_leftovers
  rmdir "$state"
}
