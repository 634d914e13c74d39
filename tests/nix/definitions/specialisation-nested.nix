{
  containers.demo.config = {
    specialisation.alt.configuration.networking.hostName = "alt";
    boot.enableContainers = true;
    containers.inner.config = { };
  };
}
