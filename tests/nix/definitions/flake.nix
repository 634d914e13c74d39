{
  containers.demo = {
    flake = "github:NixOS/nixpkgs/master#x";
    privateNetwork = true;
    hostAddress = "10.1.1.1";
    localAddress = "10.1.1.2";
  };
}
