#!/bin/sh
# shellcheck disable=SC1091,SC2034,SC2154 # names that its parts share, and those that a container's own program sets
# The program of one container, which sets what it reads: container, program, store, util_linux, and what each part says.
#
#   start NSPAWN ARGUMENT...   becomes systemd-nspawn, with what isolates the container
#   check                      refuses what a start would fail for
#   update SYSTEM              lets the container that runs have what a switch to SYSTEM needs
#   reload                     the same, and the switch
#   forgotten SYSTEM           prints what the container would miss, a line each: FILE PATH
#   stopped                    removes what a start left on the host
#
# Errors are two lines on stderr: what is wrong, and what to do. What is done is done again without harm.

# Units have no PATH of the host's.
PATH="${PATH:+$PATH:}/run/current-system/sw/bin:/usr/sbin:/sbin:/usr/bin:/bin"
runtime=/run/extra-container

fail() {
  printf '%s\n' "containers.$container.extra.$1" "$2" >&2
  exit 1
}

. "$scripts/store-view.sh"
. "$scripts/users.sh"
. "$scripts/credentials.sh"
. "$scripts/launch.sh"

update() {
  view_update "$1"
  credentials_update
}

action=$1
shift
case $action in
  start)
    view_enter start "$@"
    users_read "$@"
    users_check
    view_open
    credentials_open "$first_user"
    launch "$@"
    ;;
  check)
    users_check
    credentials_check
    ;;
  update) update "$1" ;;
  reload)
    update "$SYSTEM_PATH"
    leader=$(machinectl show "$container" -p Leader --value)
    exec "$util_linux/nsenter" --all -t "$leader" -- /run/current-system/sw/bin/su root -l -c \
      "$SYSTEM_PATH/bin/switch-to-configuration test"
    ;;
  forgotten) view_forgotten "$1" ;;
  stopped)
    view_close
    credentials_close
    users_close
    ;;
  # What the program runs again in the mount namespace of systemd-nspawn.
  fill)
    first_user=$1
    view_fill
    ;;
  *) fail "*: $action is no action of $program" "This is a fault of extra-container." ;;
esac
