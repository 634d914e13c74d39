# A definition may add to the services of its containers. Other services would be silently left out, so they are errors.
{ config, lib, ... }:

let
  isKnown =
    service:
    service == "container@"
    || lib.hasPrefix "container@" service && config.containers ? ${lib.removePrefix "container@" service};
in
{
  _file = "extra-container: services of the small evaluation";

  config.assertions = map (service: {
    assertion = false;
    message = "systemd.services.${builtins.toJSON service} is not the service of a container in this definition";
  }) (builtins.filter (service: !isKnown service) (builtins.attrNames config.systemd.services));
}
