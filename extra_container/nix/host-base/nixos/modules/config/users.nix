# Users and groups. Ids that are not given are chosen at activation and kept from then on (scripts/users.sh).
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.users;
  opt = type: default: description: mkOption { inherit type default description; };
  entry = types.passwdEntry types.str;
  hash = description: opt (types.nullOr entry) null description;
  shellPath = shell: if lib.isDerivation shell then "/run/current-system/sw/bin/${shell.meta.mainProgram}" else toString shell;

  userOptions =
    { name, config, ... }:
    {
      options = {
        enable = opt types.bool true "Whether the user is there.";
        name = opt entry name "Name.";
        description = opt entry "" "Full name.";
        uid = opt (types.nullOr types.int) null "User id; chosen if null.";
        isNormalUser = opt types.bool false "Whether it is the account of a person: a home below /home, group users.";
        isSystemUser = opt types.bool false "Whether it is the account of a service.";
        group = opt types.str "" "Primary group.";
        extraGroups = opt (types.listOf types.str) [ ] "Further groups.";
        home = opt (types.passwdEntry types.path) "/var/empty" "Home directory.";
        homeMode = opt (types.strMatching "[0-7]{1,5}") "700" "Mode of the home directory.";
        createHome = opt types.bool false "Whether the home directory is made.";
        shell = opt (types.either types.package (types.passwdEntry types.path)) "/usr/sbin/nologin" "Login shell.";
        useDefaultShell = opt types.bool false "Whether the login shell is the default one.";
        ignoreShellProgramCheck = opt types.bool false "Whether the login shell is taken as it is, which it always is.";
        packages = opt (types.listOf types.package) [ ] "Packages of the user; every user has them here.";
        linger = opt (types.nullOr types.bool) false "Without effect: users have no manager of their own.";
        hashedPassword = hash "Password, hashed as by mkpasswd.";
        hashedPasswordFile = opt (types.nullOr types.str) null "File with the hashed password.";
        password = opt (types.nullOr types.str) null "Password in clear text: readable for everyone on the host.";
        initialHashedPassword = hash "Hashed password of a new account.";
        initialPassword = opt (types.nullOr types.str) null "Password of a new account, in clear text.";
        openssh.authorizedKeys = {
          keys = opt (types.listOf types.singleLineStr) [ ] "Public keys that may log in.";
          keyFiles = opt (types.listOf types.path) [ ] "Files with such keys.";
        };
      };
      config = lib.mkMerge [
        (lib.mkIf config.isNormalUser {
          group = lib.mkDefault "users";
          createHome = lib.mkDefault true;
          home = lib.mkDefault "${cfg.defaultUserHome}/${config.name}";
          useDefaultShell = lib.mkDefault true;
        })
        (lib.mkIf config.useDefaultShell { shell = lib.mkDefault cfg.defaultUserShell; })
      ];
    };
  groupOptions =
    { name, ... }:
    {
      options = {
        name = opt entry name "Name.";
        gid = opt (types.nullOr types.int) null "Group id; chosen if null.";
        members = opt (types.listOf entry) [ ] "Members.";
      };
    };

  users = builtins.filter (user: user.enable) (builtins.attrValues cfg.users);
  groups = builtins.attrValues cfg.groups;
  id = number: if number == null then "-" else toString number;
  membersOf =
    group:
    lib.unique (group.members ++ map (user: user.name) (builtins.filter (user: builtins.elem group.name user.extraGroups) users));
  # Ids that several accounts have.
  shared =
    key: accounts:
    lib.filterAttrs (_: names: builtins.length names > 1) (
      lib.foldAttrs (name: names: [ name ] ++ names) [ ] (
        map (account: { ${toString account.${key}} = account.name; }) (builtins.filter (account: account.${key} != null) accounts)
      )
    );
  idAssertions = lib.concatLists (
    lib.mapAttrsToList (
      key: accounts:
      lib.mapAttrsToList (id: names: {
        assertion = !cfg.enforceIdUniqueness;
        message = "${lib.concatStringsSep " and " names} have the same ${key} ${id}; with users.enforceIdUniqueness = false they may.";
      }) (shared key accounts)
    ) { uid = users; gid = groups; }
  );
  # Lines for scripts/users.sh: fields that are free of colons, the last one may hold any.
  groupLine = group: "group:${group.name}:${id group.gid}:${lib.concatStringsSep "," (membersOf group)}";
  userLine =
    user:
    lib.concatStringsSep ":" [
      "user"
      user.name
      (id user.uid)
      user.group
      user.description
      user.home
      (shellPath user.shell)
      (if user.isNormalUser then "normal" else "system")
      (if user.createHome then user.homeMode else "-")
      (if user.hashedPassword != null then user.hashedPassword else "")
      (if user.initialHashedPassword != null then user.initialHashedPassword else "")
    ];
  passwordLine =
    kind: user: value:
    lib.optional (value != null) "${kind}:${user.name}:${value}";
in
{
  imports = [
    (lib.mkAliasOptionModule [ "users" "extraUsers" ] [ "users" "users" ])
    (lib.mkAliasOptionModule [ "users" "extraGroups" ] [ "users" "groups" ])
  ];
  options.users = {
    mutableUsers = opt types.bool true "Whether accounts and passwords made in the container stay.";
    allowNoPasswordLogin = opt types.bool false "Whether nobody needs to be able to log in, which is never asked for.";
    enforceIdUniqueness = opt types.bool true "Whether two users, or two groups, with one id are refused.";
    defaultUserShell = opt (types.either types.package types.path) pkgs.runtimeShell "Login shell of people.";
    defaultUserHome = opt types.path "/home" "Where the home directories of people are.";
    users = opt (types.attrsOf (types.submodule userOptions)) { } "Users by name.";
    groups = opt (types.attrsOf (types.submodule groupOptions)) { } "Groups by name.";
  };
  config = {
    users.users = {
      root = {
        uid = 0;
        description = "System administrator";
        home = "/root";
        shell = lib.mkDefault cfg.defaultUserShell;
        group = "root";
      };
      nobody = {
        uid = 65534;
        isSystemUser = true;
        description = "Unprivileged account (don't use!)";
        group = "nogroup";
      };
    };
    users.groups = lib.mapAttrs (_: gid: { inherit gid; }) {
      root = 0;
      wheel = 1;
      kmem = 2;
      tty = 5;
      disk = 6;
      audio = 17;
      video = 26;
      utmp = 29;
      systemd-journal = 62;
      users = 100;
      nogroup = 65534;
    };
    environment.systemPackages = lib.concatMap (user: user.packages ++ lib.optional (lib.isDerivation user.shell) user.shell) users;
    environment.etc = lib.concatMapAttrs (
      _: user:
      let
        inherit (user.openssh.authorizedKeys) keys keyFiles;
      in
      lib.optionalAttrs (user.enable && keys ++ keyFiles != [ ]) {
        "ssh/authorized_keys.d/${user.name}" = {
          mode = "0444";
          text = lib.concatLines (keys ++ map builtins.readFile keyFiles);
        };
      }
    ) cfg.users;
    system.ignoredOptions = map (user: "users.users.${user.name}.linger") (builtins.filter (user: user.linger == true) users);
    assertions = idAssertions ++ lib.concatMap (user: [
      {
        assertion = user.name == "root" || user.isNormalUser != user.isSystemUser;
        message = "Exactly one of users.users.${user.name}.isSystemUser and users.users.${user.name}.isNormalUser must be set.";
      }
      {
        assertion = !user.createHome || user.home != "/";
        message = "users.users.${user.name}.createHome would give the whole file system to ${user.name}, whose home is /.";
      }
      {
        assertion = user.group != "";
        message = "users.users.${user.name}.group is unset. This used to default to nogroup, but this is unsafe. For example you can create a group for this user with:\nusers.users.${user.name}.group = \"${user.name}\";\nusers.groups.${user.name} = {};";
      }
      {
        assertion = user.group == "" || builtins.any (group: group.name == user.group) groups;
        message = "users.users.${user.name}.group: there is no group `${user.group}' in users.groups.";
      }
    ]) users;
    system.build.usersSpec = lib.concatLines (
      [ "mutable:${lib.boolToString cfg.mutableUsers}" ]
      ++ map groupLine groups
      ++ map userLine users
      ++ lib.concatMap (user: passwordLine "password" user user.password) users
      ++ lib.concatMap (user: passwordLine "initialPassword" user user.initialPassword) users
      ++ lib.concatMap (user: passwordLine "passwordFile" user user.hashedPasswordFile) users
    );
  };
}
