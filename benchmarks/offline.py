"""Published pages without the network: after `asv publish`, scripts from npm packages in the place of addresses.

    python -m benchmarks.offline [.asv/html]

asv's page loads jQuery, flot, Bootstrap and others from three hosts. They are npm packages too: fetched once with
npm into .asv/vendor, copied beside the page, and the page's addresses are rewritten. It still wants a web server, `asv
preview` or `python -m http.server`, since it reads JSON.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "jquery@3.3.1",
    "flot@0.8.3",
    "bootstrap@3.1.1",
    "blueimp-md5@2.19.0",
    "flot-orderbars@1.0.0",
    "stupid-table-plugin@1.1.3",
)
FILES = {
    "jquery-3.3.1.min.js": "jquery/dist/jquery.min.js",
    "jquery.flot.min.js": "flot/jquery.flot.js",
    "jquery.flot.time.min.js": "flot/jquery.flot.time.js",
    "jquery.flot.selection.min.js": "flot/jquery.flot.selection.js",
    "jquery.flot.categories.min.js": "flot/jquery.flot.categories.js",
    "jquery.flot.orderBars.js": "flot-orderbars/js/jquery.flot.orderBars.js",
    "stupidtable.min.js": "stupid-table-plugin/stupidtable.min.js",
    "md5.min.js": "blueimp-md5/js/md5.min.js",
    "bootstrap.min.js": "bootstrap/dist/js/bootstrap.min.js",
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
}
VENDOR = Path(".asv/vendor")
ADDRESS = re.compile(r'(src|href)="https?://[^"]*/([^"/]+)"( integrity="[^"]*")?( crossorigin="[^"]*")?')
LOADED = re.compile(r'<(?:script|link)[^>]*"https?://[^>]*>')


def fetch() -> Path:
    """The folder of installed packages."""
    modules = VENDOR / "node_modules"
    if not all((modules / path).exists() for path in FILES.values()):
        quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--silent"]
        subprocess.run(["npm", "install", *quiet, "--prefix", str(VENDOR), *PACKAGES], check=True)
    return modules


def rewrite(html: Path, modules: Path) -> None:
    """The scripts beside the page, and the page pointing at them."""
    (html / "vendor").mkdir(exist_ok=True)
    for name, path in FILES.items():
        shutil.copy(modules / path, html / "vendor" / name)

    def local(found: re.Match[str]) -> str:
        attribute, name = found[1], found[2]
        return f'{attribute}="vendor/{name}"' if name in FILES else found[0]

    page = html / "index.html"
    text = ADDRESS.sub(local, page.read_text(encoding="utf-8"))
    page.write_text(text, encoding="utf-8")
    if left := LOADED.findall(text):
        raise SystemExit(f"{page} still loads {left}")


if __name__ == "__main__":
    rewrite(Path(sys.argv[1] if len(sys.argv) > 1 else ".asv/html"), fetch())
