# Builds a host package.
set -eu
PATH=/usr/sbin:/usr/bin
mkdir -p "$out/bin"
for program in $programs; do
  for place in /usr/sbin /usr/bin /usr/lib/systemd /usr/lib/postgresql/*/bin; do
    if [[ -e $place/$program ]]; then
      ln -sfn "$place/$program" "$out/bin/$program"
    fi
  done
done
for program in ${programs%% *} $stubs; do
  if [[ ! -e $out/bin/$program ]]; then
    printf '#!/usr/bin/bash\necho "%s is not on this host%s" >&2\nexit 127\n' "$program" "$lacking" >"$out/bin/$program"
    chmod 0755 "$out/bin/$program"
  fi
done
ln -s bin "$out/sbin"
eval "$contents"
# Nix 2.26 kills a builder whose output ended before it did itself: something has it open for a moment longer.
sleep 0.03 &
