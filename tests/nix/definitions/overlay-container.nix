{
  containers.demo.config =
    { pkgs, ... }:
    {
      nixpkgs.overlays = [ (final: previous: { hello = previous.writeText "hello" "mine"; }) ];
      environment.etc.h.source = pkgs.hello;
    };
}
