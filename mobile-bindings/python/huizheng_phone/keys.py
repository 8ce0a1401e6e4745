"""A key store in software, for trying things out. It says so: whoever copies its file has the keys.

A phone's key store keeps keys in hardware instead, and never gives them out.
"""

import base64
import json
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .library import huizheng

RAW = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
POINT = (serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
PKCS8 = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
NONCE_BYTES = 12


class SoftwareKeyStore(huizheng.HolderKeyStore):
    """Keys in a file that only its owner can read."""

    def __init__(self, path):
        self._path = Path(path)
        if self._path.exists():
            content = json.loads(self._path.read_text())
            self._secret = base64.b64decode(content["secret"])
            self._keys = {handle: base64.b64decode(key) for handle, key in content["keys"].items()}
        else:
            self._secret, self._keys = AESGCM.generate_key(256), {}
            self._save()

    def protection(self):
        return huizheng.KeyProtection.SOFTWARE

    async def generate(self, algorithm):
        if algorithm == huizheng.KeyAlgorithm.P256:
            key, form = ec.generate_private_key(ec.SECP256R1()), POINT
        else:
            key, form = ed25519.Ed25519PrivateKey.generate(), RAW
        handle = secrets.token_hex(16)
        self._keys[handle] = key.private_bytes(*PKCS8)
        self._save()
        return huizheng.HolderKey(handle=handle, public_key=key.public_key().public_bytes(*form))

    async def sign(self, handle, message):
        if handle not in self._keys:
            raise huizheng.HolderKeyError.Gone()
        key = serialization.load_der_private_key(self._keys[handle], password=None)
        if isinstance(key, ed25519.Ed25519PrivateKey):
            return key.sign(message)
        # This library gives DER, as phones do; the wallet takes raw r ‖ s.
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    async def attest(self, keys, nonce):
        # Only a provider of wallets can say that keys are in a device, and this is none.
        raise huizheng.HolderKeyError.Unsupported()

    async def delete(self, handle):
        if self._keys.pop(handle, None) is not None:
            self._save()

    async def wrap(self, secret):
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._secret).encrypt(nonce, secret, None)

    async def unwrap(self, wrapped):
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return AESGCM(self._secret).decrypt(nonce, sealed, None)
        except InvalidTag as error:
            raise huizheng.HolderKeyError.Gone() from error

    def _save(self):
        content = {
            "secret": base64.b64encode(self._secret).decode(),
            "keys": {handle: base64.b64encode(key).decode() for handle, key in self._keys.items()},
        }
        beside = self._path.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self._path)
