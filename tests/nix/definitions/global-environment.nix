{
  containers.demo.config = { };
  systemd.globalEnvironment.PROXY = "http://x";
}
