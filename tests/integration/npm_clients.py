"""The clients of tests/clients: installed by npm, bundled for the browser, run by Node.js in headless Chromium."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import ROOT
from tools.locks import lock
from tools.processes import local_environment

SOURCES = ROOT / "tests" / "clients"
PAGE = ROOT / "docs" / "players.md"
PROGRAMS = ("node", "npm", "openssl", "chromium")
SCRIPTS = ("node_modules/video.js-5/dist/video.js", "node_modules/videojs-vast-vpaid/bin/videojs_5.vast.vpaid.js")
"""The scripts that an example of HTML loads from the page's folder."""
OLDEST_NODE = 18
"""The oldest version of Node.js that the pinned playwright-core and esbuild support. Debian bookworm has it."""


class Unavailable(RuntimeError):
    """The clients cannot run here. The message names what is missing."""


@dataclass(frozen=True)
class Browser:
    """Headless Chromium with the page of the clients. `site` is the folder with the page's files."""

    folder: Path
    site: Path
    chromium: str

    def call(self, url: str, function: str, argument: Mapping[str, Any]) -> Any:
        """The result of a function of page.js on the page at `url`. The browser must log no error."""
        command = ["node", "browser.mjs", self.chromium, url, function, json.dumps(argument)]
        try:
            answer = json.loads(_run(command, self.folder, seconds=60))
        except Unavailable as error:  # the browser started before, so this is an error instead of a missing program
            raise AssertionError(error) from None
        assert not answer["complaints"], answer["complaints"]
        return answer["returned"]


def prepared(folder: Path = ROOT / "build" / "clients") -> Browser:
    """The clients. They are installed again if the lockfile has changed. Raises Unavailable."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        msg = f"{', '.join(missing)} not found; on Debian and Ubuntu: apt install nodejs npm openssl chromium"
        raise Unavailable(msg)
    version = _run(["node", "--version"], ROOT, seconds=10).strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST_NODE:
        msg = f"Node.js {version} is too old: the clients need {OLDEST_NODE} or later"
        raise Unavailable(msg)
    chromium = str(shutil.which("chromium"))
    with lock(folder.with_name("clients.lock")):
        folder.mkdir(parents=True, exist_ok=True)
        for source in SOURCES.iterdir():
            shutil.copy(source, folder)
        _install(folder)
        _run(["node", "browser.mjs", chromium], folder, seconds=60)  # raises if the browser does not start
        site = _bundle(folder)
    return Browser(folder, site, chromium)


def _install(folder: Path) -> None:
    stamp = folder / "stamp"
    expected = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == expected:
        return
    stamp.unlink(missing_ok=True)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder, seconds=180)
    stamp.write_text(expected)


def examples(page: str) -> str:
    """A module with the first example below each heading of a page: a function of JavaScript, or a text of HTML."""
    imports, exports = [], []
    for section in page.split("\n## ")[1:]:
        name = re.sub(r"\W", "_", section.partition("\n")[0])
        code = re.search(r"^```(js|html)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        if code and code[1] == "html":
            exports.append(f"export const {name} = {json.dumps(code[2])};\n")
        elif code:
            lines = code[2].splitlines(keepends=True)
            imports += [line for line in lines if line.startswith("import ")]
            body = "".join(line for line in lines if not line.startswith("import "))
            exports.append(f"export async function {name}() {{\n{body}}}\n")
    return "".join(dict.fromkeys(imports)) + "".join(exports)


def _bundle(folder: Path) -> Path:
    site = folder / "site"
    (folder / "examples.js").write_text(examples(PAGE.read_text()))
    command = ["node_modules/.bin/esbuild", "page.js", "players.js", "snippets.js", "--bundle", "--log-level=error"]
    _run([*command, f"--outdir={site}"], folder, seconds=60)
    for name in ("index.html", "players.html", "snippets.html", *SCRIPTS):
        shutil.copy(folder / name, site)
    return site


def _run(command: list[str], folder: Path, seconds: float) -> str:
    try:
        process = subprocess.run(  # noqa: S603  programs named here
            command,
            cwd=folder,
            env=local_environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        msg = f"{' '.join(command[:3])} failed: {error.stderr.strip()[-2000:]}"
        raise Unavailable(msg) from None
    except subprocess.TimeoutExpired:
        msg = f"{' '.join(command[:3])} took over {seconds:.0f} s"
        raise Unavailable(msg) from None
    return process.stdout
