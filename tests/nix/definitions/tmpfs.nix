{
  containers.demo = {
    tmpfs = [
      "/var"
      "/scratch:size=10M,mode=1777"
    ];
    config = { };
  };
}
