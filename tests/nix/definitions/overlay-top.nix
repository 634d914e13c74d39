{ pkgs, ... }:

{
  nixpkgs.overlays = [ (final: previous: { hello = previous.writeText "hello" "top"; }) ];
  containers.demo = {
    config =
      { pkgs, ... }:
      {
        environment.etc.h.source = pkgs.hello;
      };
    bindMounts."/h".hostPath = "${pkgs.hello}";
  };
}
