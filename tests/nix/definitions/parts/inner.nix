{ config, lib, ... }:

{
  options.my.value = lib.mkOption {
    type = lib.types.str;
    default = "v";
  };
  config.environment.etc.my.text = config.my.value + config.networking.hostName;
}
