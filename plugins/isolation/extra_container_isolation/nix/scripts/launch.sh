#!/bin/sh
# shellcheck disable=SC2034,SC2154 # names that the parts of isolation.sh share
# The command line of systemd-nspawn, changed. The first argument is systemd-nspawn itself.

launch() {
  left=$#
  started=
  while [ "$left" -gt 0 ]; do
    word=$1
    shift
    left=$((left - 1))
    case $word in
      --private-users=pick)
        set -- "$@" "--private-users=$first_user:$range"
        word=--private-users-ownership=auto
        ;;
      "--bind-ro=$store" | "--bind-ro=$store:$store" | "--bind-ro=$store:$store:idmap")
        if [ "$store_view" = closure ]; then word="--bind-ro=$view:$store"; fi
        ;;
      "--bind-ro=$state/db"* | "--bind-ro=$state/daemon-socket"*)
        if [ "$store_view" = closure ]; then continue; fi
        ;;
      # What the container runs: options end here.
      "$store"/*-container-init)
        started=$word
        if [ "$profile" = hardened ]; then
          set -- "$@" "--drop-capability=$dropped_capabilities" "--system-call-filter=~$dropped_system_calls" \
            --no-new-privileges=yes
        fi
        if [ -n "$credential_names" ]; then
          set -- "$@" "--bind-ro=$credentials:$credentials_inside" "--setenv=CREDENTIALS_DIRECTORY=$credentials_inside"
        fi
        if [ "$store_view" = closure ]; then
          # It is the host's, and no part of the container's closure.
          set -- "$@" "--bind-ro=$word:$init" "--bind-ro=$store_view_units:/run/systemd/system/nix-store-.mount.d"
          word=$init
        fi
        ;;
    esac
    set -- "$@" "$word"
  done
  if [ -z "$started" ]; then
    fail "*: the start script runs no container-init" "This nixpkgs is not known: please report it to extra-container."
  fi
  exec "$@"
}
