{
  containers.demo = {
    networkNamespace = "/run/netns/x";
    config = { };
  };
}
