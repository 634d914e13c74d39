# Shell text that sets the filter with iptables. Chains have the names of NixOS, since extraCommands use them:
# nixos-fw holds the rules, nixos-fw-accept and nixos-fw-refuse end them.
{ lib, cfg, ... }:
let
  portLines =
    device: ports:
    let
      on = lib.optionalString (device != null) "-i ${device} ";
      open = protocol: port: "-A nixos-fw ${on}-p ${protocol} --dport ${port} -j nixos-fw-accept";
      span = range: "${toString range.from}:${toString range.to}";
    in
    map (port: open "tcp" (toString port)) ports.allowedTCPPorts
    ++ map (range: open "tcp" (span range)) ports.allowedTCPPortRanges
    ++ map (port: open "udp" (toString port)) ports.allowedUDPPorts
    ++ map (range: open "udp" (span range)) ports.allowedUDPPortRanges;
  # Declaring a chain empties it, and a whole table is set at once: there is no moment without the filter.
  tableText =
    own:
    lib.concatLines (
      [
        ":nixos-fw - [0:0]"
        ":nixos-fw-accept - [0:0]"
        ":nixos-fw-refuse - [0:0]"
        "-A nixos-fw-accept -j ACCEPT"
      ]
      ++ (
        if cfg.rejectPackets then
          [
            "-A nixos-fw-refuse -p tcp ! --syn -j DROP"
            "-A nixos-fw-refuse -j REJECT"
          ]
        else
          [ "-A nixos-fw-refuse -j DROP" ]
      )
      ++ map (device: "-A nixos-fw -i ${device} -j nixos-fw-accept") ([ "lo" ] ++ cfg.trustedInterfaces)
      ++ [ "-A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept" ]
      ++ portLines null cfg
      ++ lib.concatLists (lib.mapAttrsToList portLines cfg.interfaces)
      ++ own
    );
  table4 = tableText (lib.optional cfg.allowPing "-A nixos-fw -p icmp --icmp-type echo-request -j nixos-fw-accept");
  # Neighbour discovery and path MTU are part of IPv6; redirects and node information (139) are not let in.
  table6 = tableText (
    [
      "-A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP"
      "-A nixos-fw -p icmpv6 --icmpv6-type 139 -j DROP"
    ]
    ++ lib.optional (!cfg.allowPing) "-A nixos-fw -p icmpv6 --icmpv6-type echo-request -j DROP"
    ++ [ "-A nixos-fw -p icmpv6 -j nixos-fw-accept" ]
  );
  helpers = ''
    families=iptables
    if [ -e /proc/net/if_inet6 ]; then families="iptables ip6tables"; fi
    ip46tables() {
      for program in $families; do "$program" -w "$@"; done
    }
  '';
in
{
  # What nixos-fw does not accept goes on to nixos-fw-refuse, so extraCommands can still append to nixos-fw.
  start = ''
    ${helpers}
    fill() {
      if "$1" -w -C INPUT -j nixos-fw 2>/dev/null; then
        hooks=
      else
        hooks="-A INPUT -j nixos-fw
    -A INPUT -j nixos-fw-refuse"
      fi
      printf '*filter\n%s\n%s\nCOMMIT\n' "$2" "$hooks" | "$1-restore" -w --noflush
    }
    for program in $families; do
      case $program in
        iptables) fill iptables ${lib.escapeShellArg table4} ;;
        ip6tables) fill ip6tables ${lib.escapeShellArg table6} ;;
      esac
    done
    ${cfg.extraCommands}
  '';
  stop = ''
    ${helpers}
    ${cfg.extraStopCommands}
    ip46tables -D INPUT -j nixos-fw
    ip46tables -D INPUT -j nixos-fw-refuse
    for chain in nixos-fw nixos-fw-accept nixos-fw-refuse; do ip46tables -F "$chain"; done
    for chain in nixos-fw nixos-fw-accept nixos-fw-refuse; do ip46tables -X "$chain"; done
  '';
}
