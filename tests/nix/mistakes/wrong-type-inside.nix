#> containers.web.config.users.users.bob.uid
#@ 6
{
  containers.web.config = {
    users.users.bob = {
      uid = "1000";
      isNormalUser = true;
    };
  };
}
