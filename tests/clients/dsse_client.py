"""Verifies an envelope of ours, and signs one for us, with securesystemslib.

Arguments: envelope, public key of ours with its id as the file's name, private key of theirs, where to write.
"""

import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

given, public, private, to = map(Path, sys.argv[1:])
key = SSlibKey.from_crypto(load_pem_public_key(public.read_bytes()), keyid=public.stem)

envelope = Envelope.from_dict(json.loads(given.read_text()))
assert list(envelope.verify([key], 1)) == [public.stem]
altered = Envelope(envelope.payload + b" ", envelope.payload_type, envelope.signatures)
try:
    altered.verify([key], 1)
    sys.exit("an altered payload was accepted: the client proves nothing")
except VerificationError:
    pass

signer = CryptoSigner(load_pem_private_key(private.read_bytes(), password=None))
theirs = Envelope(envelope.payload, envelope.payload_type, {})
theirs.sign(signer)
to.write_text(json.dumps(theirs.to_dict()))
