"""Run with the wheel installed in an empty environment, from a folder that has only this file and mylib.py."""

import json
import subprocess
import sys
import time
from pathlib import Path

PRUFROCK = sys.argv[1]


def run(*command):
    return subprocess.run(command, text=True, capture_output=True, check=False)


start = time.monotonic()
done = run(PRUFROCK, "check", "mylib:northwest", "--as", "transport.kantorovich", "--json")
records = [json.loads(line) for line in done.stdout.splitlines()]
broken = [r for r in records if r["status"] == "violated" and r["level"] != "hygiene"]
assert done.returncode == 1, done.stdout + done.stderr
assert broken, "the northwest rule was not found out"

proved = min(
    (r for r in broken if "certificate" in r["counterexample"]),
    key=lambda r: len(json.dumps(r["counterexample"]["case"])),
)
assert proved["counterexample"]["case"]["fields"]["cost"]["shape"] == [2, 2], proved["counterexample"]["case"]
script = run(PRUFROCK, "replay", proved["counterexample_id"], "--emit").stdout
Path("again.py").write_text(script)
again = run(sys.executable, "-W", "error", "again.py")
assert again.returncode == 0, again.stderr
assert run(PRUFROCK, "replay", proved["counterexample_id"]).returncode == 1

site = Path(json.loads(run(sys.executable, "-c", "import json, prufrock; print(json.dumps(prufrock.__file__))").stdout))
assert "site-packages" in str(site), site
assert not (site.parent.parent / "properties").exists(), "a wheel must not put `properties` into site-packages"
assert not (site.parent.parent / "impl").exists(), "a wheel must not put `impl` into site-packages"
print(f"the wheel finds out the northwest rule: {len(broken)} laws broken, {time.monotonic() - start:.1f} s")
print(again.stdout)
