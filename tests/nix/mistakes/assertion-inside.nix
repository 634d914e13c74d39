#> Failed assertions:
#> - mine is violated
#> in containers.web.config
#@ 7
{
  containers.web.config = {
    assertions = [
      {
        assertion = false;
        message = "mine is violated";
      }
    ];
  };
}
