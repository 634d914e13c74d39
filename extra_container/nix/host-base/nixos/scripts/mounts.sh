# shellcheck shell=sh
# Sourced text: what is mounted below /etc. A mount over a managed path is the user's choice and stays as it is.
# Mount points of /proc/self/mountinfo, each between bars; blanks stand there as \040 and the like.
mount_points='|'
while read -r _ _ _ _ point _; do
  case $point in
    *\\*) point=$(printf '%b' "$point") ;;
  esac
  case $point in
    /etc/*) mount_points="$mount_points$point|" ;;
  esac
done </proc/self/mountinfo
# is_mounted PATH
is_mounted() {
  case $mount_points in *"|$1|"*) return 0 ;; esac
  return 1
}
# holds_mount PATH — whether something below a directory is a mount point.
holds_mount() {
  case $mount_points in *"|$1/"*) return 0 ;; esac
  return 1
}
# is_below_mount PATH — whether a directory that holds it is a mount point.
is_below_mount() {
  if [ "$mount_points" = '|' ]; then return 1; fi
  above=${1%/*}
  while [ "$above" != /etc ] && [ -n "$above" ]; do
    if is_mounted "$above"; then return 0; fi
    above=${above%/*}
  done
  return 1
}
