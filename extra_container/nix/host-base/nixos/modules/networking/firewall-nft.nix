# Shell text that sets the filter with nft. Table and chains have the names of NixOS, since extraInputRules and others use them.
{
  lib,
  cfg,
  ruleset,
}:
let
  set = items: "{ ${lib.concatStringsSep ", " items} }";
  portLines =
    device: ports:
    let
      on = lib.optionalString (device != null) "iifname \"${device}\" ";
      all =
        single: ranges:
        map toString single ++ map (range: "${toString range.from}-${toString range.to}") ranges;
      line = protocol: items: lib.optional (items != [ ]) "${on}${protocol} dport ${set items} accept";
    in
    line "tcp" (all ports.allowedTCPPorts ports.allowedTCPPortRanges)
    ++ line "udp" (all ports.allowedUDPPorts ports.allowedUDPPortRanges);
  trusted = [ "lo" ] ++ cfg.trustedInterfaces;
  text = ''
    ${lib.optionalString (ruleset != "") "flush ruleset"}
    table inet nixos-fw
    delete table inet nixos-fw
    table inet nixos-fw {
      chain input {
        type filter hook input priority filter; policy drop;
        iifname ${set (map (device: "\"${device}\"") trusted)} accept
        ct state vmap { invalid : drop, established : accept, related : accept }
        jump input-allow
        ${lib.optionalString cfg.rejectPackets "meta l4proto tcp reject with tcp reset\n    reject"}
      }
      chain input-allow {
    ${lib.concatMapStrings (line: "    ${line}\n") (
      portLines null cfg ++ lib.concatLists (lib.mapAttrsToList portLines cfg.interfaces)
    )}
        ${lib.optionalString cfg.allowPing "icmp type echo-request accept"}
        ${lib.optionalString (!cfg.allowPing) "icmpv6 type echo-request drop"}
        icmpv6 type != { nd-redirect, 139 } accept
        ${cfg.extraInputRules}
      }
      chain forward-allow {
        ${cfg.extraForwardRules}
      }
    }
    ${ruleset}
  '';
in
{
  # One transaction: there is no moment without the filter.
  start = ''
    printf '%s\n' ${lib.escapeShellArg text} | nft -f -
  '';
  stop = ''
    nft delete table inet nixos-fw
  '';
}
