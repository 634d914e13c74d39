{
  system.stateVersion = "21.11";
  containers.demo = {
    privateNetwork = true;
    config.system.stateVersion = "21.11";
  };
}
