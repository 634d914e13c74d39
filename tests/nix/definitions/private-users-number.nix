{
  containers.a = {
    privateUsers = 65536;
    config = { };
  };
  containers.b = {
    privateUsers = "identity";
    config = { };
  };
  containers.c = {
    privateUsers = 0;
    config = { };
  };
}
