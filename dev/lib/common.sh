# shellcheck shell=bash
# Places and messages that all development scripts share.
# Sourced by a script in dev/, which has set `root` to the checkout.

: "${root:?set by the script that sources this}"
# shellcheck disable=SC2034 # not every script needs it
cache=${EXTRA_CONTAINER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/extra-container}

# Progress goes to stderr: stdout belongs to the program that a script runs.
say() {
  printf '==> %s\n' "$*" >&2
}

die() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

is_root() {
  ((EUID == 0))
}

# hash_of TEXT… — 16 hex digits that name the arguments.
hash_of() {
  local sum
  sum=$(printf '%s\0' "$@" | sha256sum)
  printf '%s\n' "${sum:0:16}"
}

# run_logged LOG COMMAND… — keeps a long command's output out of sight unless it fails.
# COMMAND may be a function. The subshell stands alone, for errexit is ignored in what `&&`, `||` and `if` test.
run_logged() {
  local log=$1 code
  shift
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  code=$?
  set -e
  ((code == 0)) && return
  tail -n 40 "$log" >&2
  printf 'Error: %s failed with exit code %d; its whole output is in %s\n' "$1" "$code" "$log" >&2
  return "$code"
}

# with_lock FILE_OR_FOLDER SECONDS WHAT FUNCTION… — calls FUNCTION under an exclusive lock; WHAT is what a script
# that has to wait is told about the holder.
with_lock() {
  local path=$1 seconds=$2 what=$3 lock_fd
  shift 3
  exec {lock_fd}<"$path"
  if ! flock -n "$lock_fd"; then
    say "Waiting for another script that is $what"
    flock -w "$seconds" "$lock_fd" || die "$path is still locked after $seconds s by a script that is $what"
  fi
  "$@"
  exec {lock_fd}<&-
}

# A process that outlives the script must not keep its locks and pipes.
close_inherited_descriptors() {
  local path fd
  for path in /proc/self/fd/*; do
    fd=${path##*/}
    # 255 is bash's own, which exec closes.
    if ((fd > 2 && fd != 255)); then
      exec {fd}<&-
    fi
  done
}
