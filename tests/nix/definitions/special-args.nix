{
  containers.demo = {
    specialArgs = {
      who = "world";
      nested.x = 3;
    };
    config =
      {
        who,
        nested,
        pkgs,
        ...
      }:
      {
        environment.etc.hello.text = "hello ${who} ${toString nested.x} ${pkgs.hello}";
      };
  };
}
