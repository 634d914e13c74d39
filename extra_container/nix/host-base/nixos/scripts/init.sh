#!/bin/sh
# First process of the container once its network is set up: activates the system, then becomes systemd.
systemConfig=@out@
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# SIGRTMIN+3 by number: not every shell knows the name.
# shellcheck disable=SC2172
trap 'exit 0' 37
mkdir -p /run/wrappers
ln -sfn "$systemConfig" /run/booted-system
"$systemConfig/activate" || echo "the activation of $systemConfig failed, booting all the same" >&2
# Units come from /etc alone, apart from what is made at run time: below /usr are the units of the host.
export SYSTEMD_UNIT_PATH=/etc/systemd/system.control:/run/systemd/system.control:/run/systemd/transient:/etc/systemd/system:/run/systemd/system
# The same for the host's generators.
export SYSTEMD_GENERATOR_PATH=/etc/systemd/system-generators
export SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/etc/systemd/system-environment-generators
exec /usr/lib/systemd/systemd
