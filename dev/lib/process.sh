# shellcheck shell=bash
# Processes are known by PID and start time, so that a PID which the kernel gave to somebody else in the
# meantime is never taken for ours.

# process_start PID — field 22 of /proc/PID/stat, counted after the name, which may hold blanks. A zombie has ended.
process_start() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return
  read -r -a stat <<<"${stat##*) }"
  [[ ${stat[0]} != Z ]] || return
  printf '%s\n' "${stat[19]}"
}

# parent_of PID
parent_of() {
  awk '$1 == "PPid:" { print $2 }' "/proc/$1/status"
}

# record_process FILE PID
record_process() {
  local start
  start=$(process_start "$2") || return
  printf '%s %s\n' "$2" "$start" >"$1"
}

# recorded_process FILE — prints the PID while that very process lives.
recorded_process() {
  local pid start
  [[ -e $1 ]] || return
  read -r pid start <"$1"
  [[ $(process_start "$pid") == "$start" ]] || return
  printf '%s\n' "$pid"
}

# wait_for_end FILE SECONDS
wait_for_end() {
  local deadline=$((SECONDS + $2))
  while recorded_process "$1" >/dev/null; do
    ((SECONDS < deadline)) || return
    sleep 0.05
  done
}
