{
  containers.demo = {
    ephemeral = true;
    bindMounts."/data" = {
      hostPath = "/srv";
      isReadOnly = false;
    };
    config = { };
  };
}
