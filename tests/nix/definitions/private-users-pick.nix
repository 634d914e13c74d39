{
  containers.demo = {
    privateUsers = "pick";
    privateNetwork = true;
    config = { };
  };
}
