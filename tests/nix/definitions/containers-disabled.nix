{
  boot.enableContainers = false;
  containers.demo.config = { };
}
