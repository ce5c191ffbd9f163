"""Validates an SBOM by the official JSON schema of CycloneDX 1.6, as its Python library ships it. Argument: the file."""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = Path(sys.argv[1]).read_text()
validator = JsonStrictValidator(SchemaVersion.V1_6)
error = validator.validate_str(text)
assert error is None, error

broken = json.loads(text)
broken["components"][0]["hashes"][0]["content"] = "no hash"
assert validator.validate_str(json.dumps(broken)) is not None, "a broken SBOM was accepted: the schema proves nothing"
