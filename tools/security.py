"""`make security`: runs checkov on every template, as written and as SAM translates it for CloudFormation."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from tools import ROOT
from tools.locks import lock
from tools.package import package
from tools.template import load_template

_FOLDER = ROOT / "build" / "security"
_REQUIREMENTS = ROOT / "requirements-security.txt"
_SAM = "Transform"


def install_checkov(folder: Path = _FOLDER) -> Path:
    """Installs checkov in a separate virtual environment, since it pins other versions of the project's packages.

    Raises CalledProcessError.
    """
    environment, stamp = folder / "venv", folder / "stamp"
    expected = f"{sys.version}\n{_REQUIREMENTS.read_text()}"
    with lock(folder.with_name("security.lock")):
        if not (stamp.exists() and stamp.read_text() == expected):
            print("Installing checkov into build/security, once", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
            venv.create(environment, with_pip=False)
            pip = [
                sys.executable,
                "-m",
                "pip",
                "--python",
                str(environment / "bin/python"),
                "--disable-pip-version-check",
            ]
            subprocess.run([*pip, "install", "-q", "--no-compile", "-r", str(_REQUIREMENTS)], check=True)
            stamp.write_text(expected)
    return environment / "bin" / "checkov"


def write_templates(folder: Path) -> None:
    """Writes every template into the folder, and those of SAM translated too."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bidder = json.loads(package().template.read_text())
    templates = {"bidder": bidder} | {path.stem: _read(path) for path in sorted((ROOT / "deploy").glob("*.yaml"))}
    for name, template in templates.items():
        if _SAM not in template:
            shutil.copy(ROOT / "deploy" / f"{name}.yaml", folder)
            continue
        (folder / f"{name}.sam.json").write_text(json.dumps(template, indent=1))
        (folder / f"{name}.json").write_text(json.dumps(_translate(template), indent=1))


def _read(path: Path) -> dict[str, Any]:
    template: dict[str, Any] = load_template(path)
    return template


def _translate(template: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(template).replace('"./', '"s3://artifacts/')  # SAM takes code from S3 alone
    translated: dict[str, Any] = Translator({}, Parser()).translate(json.loads(text), {})
    return translated


def main() -> int:
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    checkov = install_checkov()
    write_templates(_FOLDER / "templates")
    command = [str(checkov), "--config-file", str(ROOT / ".checkov.yaml"), "-d", str(_FOLDER / "templates")]
    ended = subprocess.run(command, cwd=_FOLDER, check=False).returncode
    if ended == 0:
        print("Security: checkov finds nothing beyond what .checkov.yaml leaves out")
    return ended


if __name__ == "__main__":
    sys.exit(main())
