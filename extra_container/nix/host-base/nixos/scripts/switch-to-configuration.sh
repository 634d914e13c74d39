#!/bin/sh
# Live update of a running container to this system, run inside it as root.
# Exit codes are those of NixOS: 0 done, 1 wrong call, 2 activation failed, 4 a unit failed, 11 another update runs,
# 100 this system cannot be reached without a restart.
# shellcheck disable=SC2086 # lists of units are words
# shellcheck disable=SC3013 # -ef is in every shell that serves as /bin/sh
toplevel=@out@
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
say() { echo "$*" >&2; }

if [ $# -ne 1 ]; then set -- ''; fi
action=$1
case $action in
  test | switch | dry-activate | check) ;;
  boot) exit 0 ;;
  *)
    say "Usage: $0 [check|switch|boot|test|dry-activate]"
    say "  test, switch: make this system the current one in the running container"
    say "  dry-activate: only say what would be done"
    say "  check: only see whether this system can be reached without a restart"
    exit 1
    ;;
esac
if [ "$(id -u)" -ne 0 ]; then say "$0: only root can update the system"; exit 1; fi

mkdir -p /run/nixos
exec 9>/run/nixos/switch-to-configuration.lock
if ! flock -n 9; then say "another update of this container is running"; exit 11; fi

old=$(readlink -f /run/current-system/etc/systemd/system)
if ! cmp -s /run/current-system/init-interface-version "$toplevel/init-interface-version"; then
  say "This system starts in another way than the running one: restart the container."
  exit 100
fi
if [ "$action" = check ]; then exit 0; fi
new=$(readlink -f "$toplevel/etc/systemd/system")
status=0

# The unit's file and drop-in in one text, for comparing and for reading X- settings.
unit_text() {
  if [ -e "$1/$2" ]; then cat "$1/$2"; fi
  if [ -e "$1/$2.d/overrides.conf" ]; then cat "$1/$2.d/overrides.conf"; fi
}
# Sets `file` to the file that describes a unit: an instance of a template has that of the template.
find_file() {
  file=$2
  if [ -e "$1/$2" ] || [ -L "$1/$2" ]; then return; fi
  case $2 in *@*.*) file=${2%%@*}@.${2##*.} ;; esac
}
# The same file needs no process to compare; links into systemd's own units are nearly all of them.
is_same() {
  if [ -e "$old/$1.d/overrides.conf" ] || [ -e "$new/$2.d/overrides.conf" ]; then
    [ "$(unit_text "$old" "$1")" = "$(unit_text "$new" "$2")" ]
  else
    [ "$old/$1" -ef "$new/$2" ] || cmp -s "$old/$1" "$new/$2"
  fi
}
# Whether nothing but the triggers of a reload differs.
reloads() {
  says "$2" X-Reload-Triggers '' && [ "$(without_triggers "$old" "$1")" = "$(without_triggers "$new" "$2")" ]
}
without_triggers() { unit_text "$1" "$2" | sed '/^X-Reload-Triggers[[:space:]]*=/d'; }
says() { unit_text "$new" "$1" | grep -qi "^$2[[:space:]]*=[[:space:]]*$3"; }
list() { printf '%s' "$*" | tr ' ' '\n' | sort -u | sed '/^$/d' | paste -sd ' ' - | sed 's/ /, /g'; }
# A masked unit is a link to /dev/null, which is no regular file.
is_there() { [ -f "$new/$1" ]; }

stop='' start='' restart='' reload='' skip=''
active=$(systemctl list-units --plain --no-legend --full --state=active,activating,reloading | awk '{ print $1 }')
for unit in $active; do
  case $unit in
    *.service | *.socket | *.timer | *.path | *.target | *.mount | *.slice) ;;
    *) continue ;;
  esac
  find_file "$old" "$unit"
  oldfile=$file
  # Not one of ours: made at run time by systemd or by a person.
  if [ ! -e "$old/$oldfile" ] && [ ! -L "$old/$oldfile" ]; then continue; fi
  find_file "$new" "$unit"
  newfile=$file
  if ! is_there "$newfile"; then
    case $unit in *.target) ;; *) stop="$stop $unit" ;; esac
    continue
  fi
  if is_same "$oldfile" "$newfile"; then continue; fi
  case $unit in
    # A daemon-reload is all that these need.
    *.target | *.mount | *.slice) ;;
    *)
      if says "$newfile" X-ReloadIfChanged true || reloads "$oldfile" "$newfile"; then
        reload="$reload $unit"
      elif says "$newfile" X-RestartIfChanged false || says "$newfile" RefuseManualStop yes; then
        skip="$skip $unit"
      elif says "$newfile" X-StopIfChanged false; then
        restart="$restart $unit"
      else
        # A socket must be stopped before, and started instead of, the service that it activates.
        socket=${unit%.service}.socket
        if [ "$unit" != "$socket" ] && [ -e "$new/$socket" ]; then
          stop="$stop $socket $unit"
          start="$start $socket"
        else
          stop="$stop $unit"
          start="$start $unit"
        fi
      fi
      ;;
  esac
done

if [ "$action" = dry-activate ]; then
  if [ -n "$stop" ]; then say "would stop the following units: $(list "$stop")"; fi
  if [ -n "$skip" ]; then say "would NOT stop the following changed units: $(list "$skip")"; fi
  say "would activate the configuration..."
  if [ -n "$reload" ]; then say "would reload the following units: $(list "$reload")"; fi
  if [ -n "$restart" ]; then say "would restart the following units: $(list "$restart")"; fi
  if [ -n "$start" ]; then say "would start the following units: $(list "$start")"; fi
  exit 0
fi

before=$(printf '%s\n' "$active" | sort)
if [ -n "$stop" ]; then
  say "stopping the following units: $(list "$stop")"
  systemctl stop -- $stop || status=4
fi
if [ -n "$skip" ]; then say "NOT restarting the following changed units: $(list "$skip")"; fi

say "activating the configuration..."
if ! "$toplevel/activate" >&2; then status=2; fi

systemctl reset-failed
systemctl daemon-reload || status=4
if [ -e "$new/systemd-tmpfiles-setup.service" ]; then
  # 65 and 73: a rule is wrong or could not be carried out, which systemd-tmpfiles has said itself.
  systemctl restart systemd-tmpfiles-setup.service || status=4
fi
restart=$(printf '%s\n' $restart | sed '/^systemd-tmpfiles-setup.service$/d')

if [ -n "$reload" ]; then
  say "reloading the following units: $(list "$reload")"
  systemctl reload -- $reload || status=4
fi
if [ -n "$restart" ]; then
  say "restarting the following units: $(list $restart)"
  systemctl restart -- $restart || status=4
fi
if [ -n "$start" ]; then
  say "starting the following units: $(list "$start")"
  systemctl start -- $start || status=4
fi
# Starting a target brings up what it newly wants, but not what another target that is up already wants: so each is started. What
# those want that only others may start is started itself.
targets='default.target timers.target sockets.target paths.target'
for unit in $active; do
  case $unit in *.target) if is_there "$unit"; then targets="$targets $unit"; fi ;; esac
done
refusing=" $(cd "$new" && grep -liE '^RefuseManualStart[[:space:]]*=[[:space:]]*(1|yes|true|on)' $targets | paste -sd ' ' -) "
wanted=
for target in $targets; do
  case $refusing in
    *" $target "*)
      for link in "$new/$target.wants"/* "$new/$target.requires"/*; do
        if [ -f "$link" ]; then wanted="$wanted ${link##*/}"; fi
      done
      ;;
    *) wanted="$wanted $target" ;;
  esac
done
systemctl start --no-block -- $wanted || status=4
# Jobs of the targets are not waited for by --no-block: wait until the queue is empty.
waited=0
while [ "$(systemctl list-jobs --no-legend | grep -c .)" -gt 0 ] && [ "$waited" -lt 900 ]; do
  sleep 0.1
  waited=$((waited + 1))
done

after=$(systemctl list-units --plain --no-legend --full --state=active | awk '{ print $1 }' | sort)
fresh=
for unit in $after; do
  case $unit in *.service | *.socket | *.timer | *.path | *.target) ;; *) continue ;; esac
  if printf '%s\n' "$before" | grep -qxF -- "$unit"; then continue; fi
  find_file "$new" "$unit"
  if is_there "$file"; then fresh="$fresh $unit"; fi
done
if [ -n "$fresh" ]; then say "the following new units were started: $(list "$fresh")"; fi

failed=$(systemctl list-units --plain --no-legend --full --state=failed | awk '{ print $1 }')
if [ -n "$failed" ]; then
  say "warning: the following units failed: $(list $failed)"
  for unit in $failed; do systemctl status --no-pager --full -- "$unit" >&2; done
  [ "$status" -eq 2 ] || status=4
fi
[ "$status" -eq 0 ] || say "warning: error(s) occurred while switching to the new configuration"
exit "$status"
