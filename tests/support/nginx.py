"""A real nginx as a relay, to compare answers with; skipped where it is not installed."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.processes import free_port, until_open

# Debian's package puts it where only root has a path to.
BINARY = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
CONFIG = """
daemon off; worker_processes 1; pid {root}/pid; error_log {root}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
  fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
  upstream up {{ server {upstream}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port};
    client_body_timeout 2s; client_header_timeout 2s; keepalive_timeout 2s;
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_request_buffering off; proxy_buffering off;
    }}
  }}
}}
"""


@asynccontextmanager
async def nginx(root: Path, upstream: str) -> AsyncIterator[int]:
    """The port of an nginx that relays to `host:port`."""
    if BINARY is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    port = free_port()
    config = root / "nginx.conf"
    config.write_text(CONFIG.format(root=root, upstream=upstream, port=port))
    process = await asyncio.create_subprocess_exec(
        BINARY, "-c", str(config), "-e", str(root / "error.log"), "-p", str(root)
    )
    try:
        await until_open(port)
        yield port
    finally:
        process.terminate()
        await process.wait()
