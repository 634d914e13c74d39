# Two that talk to each other: a front end that asks a back end by its name. The back end has no way out.
let
  # The front end, in Python.
  program = ''
    import http.server
    import urllib.request


    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            with urllib.request.urlopen("http://backend:8000/answer") as answer:
                text = b"The back end says: " + answer.read()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text)


    http.server.ThreadingHTTPServer(("", 80), Page).serve_forever()
  '';
in
{
  containers.backend = {
    extra.addressPrefix = "10.250.22";

    config =
      { pkgs, ... }:
      {
        networking.firewall.allowedTCPPorts = [ 8000 ];

        systemd.services.backend = {
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {
            DynamicUser = true;
            WorkingDirectory = pkgs.writeTextDir "answer" "42\n";
            ExecStart = "${pkgs.python3}/bin/python3 -m http.server 8000";
          };
        };
      };
  };

  containers.frontend = {
    extra.addressPrefix = "10.250.23";
    # Without it the host does not forward what one container sends to another.
    extra.enableWAN = true;

    config =
      { pkgs, ... }:
      {
        networking.firewall.allowedTCPPorts = [ 80 ];

        systemd.services.frontend = {
          wantedBy = [ "multi-user.target" ];
          serviceConfig.ExecStart = "${pkgs.python3}/bin/python3 ${pkgs.writeText "frontend.py" program}";
        };
      };
  };
}
