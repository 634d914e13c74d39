{ lib, myArgument, ... }:

{
  _module.args.myArgument = "from the host";
  containers.demo.config =
    { inner, ... }:
    {
      _module.args.inner = "in ${myArgument}";
      environment.etc.a.text = inner;
    };
}
