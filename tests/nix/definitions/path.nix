{
  containers.demo = {
    path = "/nix/var/nix/profiles/per-container/demo/system";
    autoStart = true;
  };
}
