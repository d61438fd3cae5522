"""nginx as a relay of the benchmarks: one process, connections kept alive both ways, no buffers."""

import subprocess
from pathlib import Path

from tests.support.nginx import BINARY
from tests.support.processes import free_port

NGINX = """
daemon off; worker_processes 1; error_log stderr crit; pid {root}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxied;
  fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  upstream canned {{ server 127.0.0.1:{upstream}; keepalive 128; }}
  server {{
    listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{
      proxy_pass http://canned; proxy_buffering off;
      proxy_http_version 1.1; proxy_set_header Connection "";
    }}
  }}
}}
"""


def nginx(root: Path, upstream: int) -> tuple[subprocess.Popen[bytes], int] | None:
    """Its process and its port; None, and the reason printed, where it is not installed."""
    if BINARY is None:
        print("nginx: skipped, it is not installed (Debian: apt install nginx-light)")
        return None
    port = free_port()
    (root / "nginx.conf").write_text(NGINX.format(root=root, upstream=upstream, port=port))
    options = ("-p", str(root), "-c", str(root / "nginx.conf"), "-g", "master_process off;")
    return subprocess.Popen([BINARY, *options]), port
