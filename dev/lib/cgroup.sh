# shellcheck shell=bash
# Cgroups of our own. systemd-nspawn --keep-unit makes its `payload` below the cgroup that it is started
# in, so two machines started from one cgroup would share it.

# The hierarchies that a systemd machine looks at: cgroup2 and, on hybrid machines, v1's name=systemd.
cgroup_roots() {
  local target type options seen=
  while read -r target type options; do
    case $type:,$options, in
      cgroup2:*) ;;
      cgroup:*,name=systemd,*) ;;
      *) continue ;;
    esac
    # A hierarchy may be mounted at several places; the first one is enough.
    [[ $seen == *"<$type>"* ]] && continue
    seen+="<$type>"
    printf '%s\n' "$target"
  done <<<"$(findmnt --raw --noheadings --types cgroup,cgroup2 --output TARGET,FSTYPE,OPTIONS)"
}

# join_cgroup PATH — moves the calling shell.
join_cgroup() {
  local cgroup_root
  for cgroup_root in $(cgroup_roots); do
    mkdir -p "$cgroup_root/$1"
    echo 0 >"$cgroup_root/$1/cgroup.procs"
  done
}

# The kernel lets go of a cgroup a moment after its last process has ended.
remove_cgroup() {
  local cgroup_root deadline=$((SECONDS + 10))
  for cgroup_root in $(cgroup_roots); do
    until [[ ! -e $cgroup_root/$1 ]] ||
      find "$cgroup_root/$1" -depth -type d -exec rmdir {} + 2>/dev/null; do
      ((SECONDS < deadline)) || die "processes are left in the cgroup $cgroup_root/$1"
      sleep 0.1
    done
  done
}
