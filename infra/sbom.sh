#!/usr/bin/env bash
# Writes the bill of materials of the programs that are handed out (tracechain, loadgen): CycloneDX 1.5 JSON, every crate that is linked in or
# that builds it, with version, licence, origin and checksum: `bash infra/sbom.sh [FILE]`, standard output by default. It reads Cargo's own
# resolution, so it needs nothing but cargo and python3, and no network once the crates are here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

metadata=$(mktemp)
trap 'rm -f "$metadata"' EXIT
cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu >"$metadata"
python3 - "$metadata" "${1:--}" <<'END'
import json, re, sys, urllib.parse

with open(sys.argv[1], encoding="utf-8") as file:
    metadata = json.load(file)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
programs = [p["id"] for p in metadata["packages"] if p["source"] is None and p["name"] in ("standalone", "loadgen")]

# Cargo.lock has the checksums.
checksums = {}
for block in open("Cargo.lock", encoding="utf-8").read().split("[[package]]")[1:]:
    value = lambda key: (re.search(rf'^{key} = "(.*)"$', block, re.M) or [None, None])[1]
    checksums[value("name"), value("version")] = value("checksum")


def needed(node):
    """What it is built from: tests' own dependencies are not."""
    return [d["pkg"] for d in node["deps"] if any(kind["kind"] != "dev" for kind in d["dep_kinds"])]


def reference(package):
    return f"pkg:cargo/{urllib.parse.quote(package['name'])}@{urllib.parse.quote(package['version'])}"


def component(package):
    result = {
        "type": "library",
        "bom-ref": reference(package),
        "name": package["name"],
        "version": package["version"],
        "purl": reference(package),
        "scope": "required",
    }
    if package["license"]:
        result["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    if package["description"]:
        result["description"] = " ".join(package["description"].split())
    if package["repository"]:
        result["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    checksum = checksums.get((package["name"], package["version"]))
    if checksum:
        result["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return result


found, waiting = set(), list(programs)
while waiting:
    current = waiting.pop()
    if current not in found:
        found.add(current)
        waiting.extend(needed(nodes[current]))
chosen = sorted((packages[one] for one in found), key=lambda p: (p["name"], p["version"]))
own = packages[programs[0]]
root = {"type": "application", "bom-ref": "tracechain", "name": "tracechain", "version": own["version"]}
root["licenses"] = [{"expression": own["license"]}]
dependencies = [{"ref": "tracechain", "dependsOn": sorted(reference(packages[one]) for one in programs)}]
for package in chosen:
    on = sorted(reference(packages[one]) for one in set(needed(nodes[package["id"]])))
    dependencies.append({"ref": reference(package), "dependsOn": on})
packages_source = {reference(package): package["source"] for package in chosen}
document = {
    "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "version": 1,
    "metadata": {"component": root},
    "components": [component(package) for package in chosen],
    "dependencies": dependencies,
}
# Nothing is written that does not hold together: every part once, with a licence, and every reference to a part that is there.
references = {one["bom-ref"] for one in document["components"]}
assert len(references) == len(document["components"]) > 100, "a part is there twice, or hardly any is there"
assert all("licenses" in one for one in document["components"]), "a part has no licence"
assert all("hashes" in one for one in document["components"] if packages_source[one["bom-ref"]]), "a part of a registry has no checksum"
assert all(set(one["dependsOn"]) <= references for one in dependencies), "a reference leads nowhere"
text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
if sys.argv[2] == "-":
    sys.stdout.write(text)
else:
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(text)
END
