# Host options that the container module sets itself on a NixOS host, so that definitions set them, too. A definition may, but
# they have no effect, and a warning says so.
[
  "boot.kernelModules"
  "environment.systemPackages"
  "networking.dhcpcd.denyInterfaces"
  "networking.extraHosts"
  "networking.hosts"
  "services.udev.extraRules"
]
