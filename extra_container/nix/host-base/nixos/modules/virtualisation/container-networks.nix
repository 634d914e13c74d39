# Whether a container has a network of its own, and the packet filter where the container cannot set it itself.
{ lib, pkgs }:
let
  # The words that systemd-nspawn gets: the start script splits each flag at blanks.
  wordsOf = cfg: builtins.filter (word: word != "") (lib.concatMap (lib.splitString " ") cfg.extraFlags);

  isNetworkFlag = word: builtins.match "-n|--network-[^=]*(=.*)?|--private-network(=.*)?" word != null;

  # The path in a flag `--network-namespace-path`, in both forms that systemd-nspawn takes; null without one.
  flagPath =
    words:
    if words == [ ] then
      null
    else
      let
        first = builtins.head words;
        rest = builtins.tail words;
        joined = builtins.match "--network-namespace-path=(.*)" first;
      in
      if joined != null then
        builtins.head joined
      else if first == "--network-namespace-path" && rest != [ ] then
        builtins.head rest
      else
        flagPath rest;

  namespaceOf =
    cfg: if cfg.networkNamespace != null then toString cfg.networkNamespace else flagPath (wordsOf cfg);

  # systemd-nspawn keeps CAP_NET_ADMIN from a container whose network namespace somebody else made, so the host sets its filter.
  # A system that was given by its path has none that is known here.
  outerFilter =
    cfg:
    if namespaceOf cfg != null && cfg.path == cfg.config.system.build.toplevel then
      cfg.config.system.build.firewall or null
    else
      null;

  # The namespace may be the host's own, under any name.
  inside =
    cfg: text:
    let
      script = pkgs.writeShellScript "firewall-of-namespace" "set -e\n${text}";
    in
    ''
      namespace=${lib.escapeShellArg (namespaceOf cfg)}
      if [ -e "$namespace" ] && [ "$(stat -L -c %d:%i "$namespace")" != "$(stat -L -c %d:%i /proc/self/ns/net)" ]; then
        nsenter --net="$namespace" ${script}
      fi
    '';
  # As far as the options say it.
  isPrivate =
    cfg:
    cfg.privateNetwork
    || cfg.networkNamespace != null
    || cfg.interfaces != [ ]
    || cfg.macvlans != [ ]
    || cfg.extraVeths != { }
    || builtins.any isNetworkFlag (wordsOf cfg);

  isGranted =
    cfg:
    cfg.enableTun || builtins.any (lib.hasInfix "CAP_NET_ADMIN") (cfg.additionalCapabilities ++ cfg.extraFlags);
in
{
  # Part of the container's system.
  module =
    cfg:
    { config, ... }:
    {
      _file = toString ./container-networks.nix;
      config = {
        networking.isPrivate = isPrivate cfg;
        networking.mayBePrivate = cfg.extraFlags != [ ];
        networking.isUnalterable = !isPrivate cfg && !isGranted cfg && cfg.extraFlags == [ ];
        warnings = lib.optional (
          namespaceOf cfg != null
          && !isGranted cfg
          && config.networking.firewall.enable
          && config.networking.firewall.extraCommands != ""
        ) "networking.firewall.extraCommands has no effect: in a given network namespace the host sets the filter, without them.";
      };
    };

  preStart = cfg: lib.optionalString (outerFilter cfg != null) (inside cfg (outerFilter cfg).start);

  postStop =
    cfg:
    lib.optionalString (outerFilter cfg != null) ''
      (
      ${inside cfg (outerFilter cfg).stop}) || echo "the packet filter in ${namespaceOf cfg} was not removed" >&2
    '';
}
