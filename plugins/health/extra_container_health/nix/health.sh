# shellcheck shell=sh
# Checks the health of the container once and writes down what it is: `starting`, `healthy` or `unhealthy`. Called with one of:
#   timer  by the container's own timer; nothing happens in the start period
#   check  by somebody who asks
#   probe  by who waits until the container is healthy: a failure is not counted
# Ends with 0 if the command succeeded, with 1 if it did not; what it wrote last is on stdout.
#
# Set are: command (a file for sh), timeout, retries, start_period (seconds).
# shellcheck disable=SC2154
how=$1
umask 077
state=/run/extra-container-health
mkdir -p "$state"
exec 9>"$state/lock"
flock 9

system=$(readlink -f /run/current-system)
# Activation makes this link at the boot and with each live update.
began=$(stat -c %Y /run/current-system)
in_start_period=$(($(date +%s) - began < start_period))
if [ "$how" = timer ] && [ "$in_start_period" = 1 ]; then exit 0; fi

status=starting failing=0 of=
if [ -f "$state/state" ]; then
  while IFS='=' read -r key value && [ -n "$key" ]; do
    case $key in
      status) status=$value ;;
      failing) failing=$value ;;
      system) of=$value ;;
    esac
  done <"$state/state"
fi
# What was found of the system before an update says nothing of this one.
if [ "$of" != "$system" ]; then status=starting failing=0; fi

code=0
# A shell tells of what was killed.
{ timeout -k 2 "$timeout" /bin/sh "$command" >"$state/output" 2>&1 </dev/null 9>&- || code=$?; } 2>/dev/null
# 124 is that of the time-out; 137 where the command had to be killed.
if [ "$code" = 124 ] || [ "$code" = 137 ]; then echo "the check did not end within $timeout s" >>"$state/output"; fi

if [ "$code" = 0 ]; then
  status=healthy failing=0
elif [ "$how" != probe ] && [ "$in_start_period" = 0 ]; then
  failing=$((failing + 1))
  if [ "$failing" -ge "$retries" ]; then status=unhealthy; fi
fi
{
  printf '%s\n' "status=$status" "failing=$failing" "code=$code" "time=$(date +%s)" "system=$system" ''
  tail -c 2000 "$state/output"
} >"$state/new"
mv "$state/new" "$state/state"
if [ "$how" != timer ] || [ "$code" != 0 ]; then tail -c 2000 "$state/output"; fi
rm "$state/output"
case $how in
  timer) exit 0 ;; # a failed unit would say that it could not be checked
  *) exit "$((code != 0))" ;;
esac
