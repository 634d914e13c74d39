# Debian's packages, each with programs that definitions ask for, and that a test host lacks until it is installed.
let
  packages = {
    apache2 = [ "apache2" ];
    bind9 = [ "named" ];
    bind9-dnsutils = [ "dig" ];
    caddy = [ "caddy" ];
    cron = [ "cron" ];
    dhcpcd-base = [ "dhcpcd" ];
    dnsmasq-base = [ "dnsmasq" ];
    "docker.io" = [ "docker" ];
    ethtool = [ "ethtool" ];
    fd-find = [ "fd" ];
    ffmpeg = [ "ffmpeg" ];
    fzf = [ "fzf" ];
    gnupg = [ "gpg" ];
    haproxy = [ "haproxy" ];
    htop = [ "htop" ];
    imagemagick = [ "convert" ];
    iperf3 = [ "iperf3" ];
    lighttpd = [ "lighttpd" ];
    lsof = [ "lsof" ];
    mariadb-server = [ "mariadbd" ];
    mosquitto = [ "mosquitto" ];
    mtr-tiny = [ "mtr" ];
    neovim = [ "nvim" ];
    net-tools = [ "ifconfig" ];
    nmap = [ "nmap" ];
    podman = [ "podman" ];
    psmisc = [ "killall" ];
    redis-server = [ "redis-server" ];
    ripgrep = [ "rg" ];
    rsync = [ "rsync" ];
    runit = [ "runsv" ];
    screen = [ "screen" ];
    socat = [ "socat" ];
    sqlite3 = [ "sqlite3" ];
    tcpdump = [ "tcpdump" ];
    tmux = [ "tmux" ];
    tree = [ "tree" ];
    unbound = [ "unbound" ];
    unzip = [ "unzip" ];
    vim = [ "vim" ];
    whois = [ "whois" ];
    wireguard-tools = [ "wg" ];
    zip = [ "zip" ];
  };
in
builtins.listToAttrs (
  builtins.concatMap (
    package:
    map (program: {
      name = program;
      value = package;
    }) packages.${package}
  ) (builtins.attrNames packages)
)
