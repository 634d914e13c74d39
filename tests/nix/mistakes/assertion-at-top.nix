#> - mine is violated
#@ 5
{
  containers.web.config = { };
  assertions = [
    {
      assertion = false;
      message = "mine is violated";
    }
  ];
}
