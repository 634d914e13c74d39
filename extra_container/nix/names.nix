# What is wrong with a container's name; a list of messages.
#
# A name is a host name, a machine name of systemd, a file name and part of a network interface's name.
{ kernelVersion, evaluationOf }:

name:

let
  inherit (evaluationOf name) config;
  container = config.containers.${name};

  isValid = builtins.match "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?" name != null;

  # An interface's name has at most 15 characters, `ve-` included. From systemd 245 on, nspawn shortens longer ones and gives the
  # interface its full name as an alternative name, which needs a kernel after 5.8 to be found by it.
  versionOf = package: package.version or (builtins.parseDrvName (package.name or "")).version;
  # The host base takes the host's systemd, of which it knows no version.
  systemdVersion = versionOf (config.systemd.package or { });

  isOld = version: first: version != "" && builtins.compareVersions version first < 0;
  oldSystemd = isOld systemdVersion "245";
  oldKernel = kernelVersion != "" && builtins.compareVersions kernelVersion "5.8" <= 0;

  isLong = builtins.stringLength name > 11 && container.privateNetwork;
in
if !isValid then
  [
    "containers.${name}: not a usable name: 1 to 63 letters (a-z, A-Z), digits and '-', with a letter or digit at both ends"
  ]
else if isLong && (oldSystemd || oldKernel) then
  [
    "containers.${name}: with privateNetwork the name can have at most 11 characters, because ${
      if oldSystemd then
        "systemd ${systemdVersion} of the evaluated nixpkgs cannot shorten names of interfaces (245 can)"
      else
        "the running kernel ${kernelVersion} has no alternative names of interfaces (5.9 has)"
    }"
  ]
else
  [ ]
