#!/bin/sh
# shellcheck disable=SC2034,SC2154 # names that the parts of isolation.sh share
# The command line of systemd-nspawn, changed. The first argument is systemd-nspawn itself.

launch() {
  left=$#
  while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    if [ "$store_view" = closure ]; then
      case $word in
        "--bind-ro=$store" | "--bind-ro=$store:$store" | "--bind-ro=$store:$store:idmap") word="--bind-ro=$view:$store" ;;
        "--bind-ro=$state/db"* | "--bind-ro=$state/daemon-socket"*) continue ;;
        "$store"/*-container-init)
          # It is the host's, and no part of the container's closure.
          set -- "$@" "--bind-ro=$word:$init" "--bind-ro=$store_view_units:/run/systemd/system/nix-store-.mount.d"
          word=$init
          ;;
      esac
    fi
    set -- "$@" "$word"
  done
  exec "$@"
}
