"""What the tests run against: a running system, named by HUIZHENG_URLS."""

import json
import os
from pathlib import Path

import pytest
from approved import approved_licence
from codes import OfflineCounter
from huizheng_phone import HttpClient, SoftwareKeyStore, huizheng
from services import Counter, Issuer

PIN = "135790"


class NoNetwork(huizheng.HttpClient):
    """A phone's network where there is none."""

    async def send(self, request):
        raise huizheng.HttpError.Unreachable()


class Phone:
    """A phone: a folder for the wallet, keys, a network, and what its app was shipped with."""

    def __init__(self, folder, urls):
        self.folder = str(folder / "wallet")
        self.config = huizheng.WalletConfig(anchor=json.dumps(urls["chain"]["anchor"]), node=urls["chain"]["url"])
        self.keys = SoftwareKeyStore(folder / "keys.json")
        self.http = HttpClient()
        self.clock = None
        self.biometrics = None

    def told(self, **settings):
        """The same phone, whose app tells the wallet this."""
        self.config = huizheng.WalletConfig(anchor=self.config.anchor, node=self.config.node, **settings)
        return self

    async def create(self, pin=PIN):
        return await huizheng.Wallet.create(self.folder, pin, self.config, self.keys, self.http, self.clock, self.biometrics)

    async def open(self, pin=PIN):
        return await huizheng.Wallet.open(self.folder, pin, self.config, self.keys, self.http, self.clock, self.biometrics)

    async def restore(self, backup, passphrase, pin=PIN):
        return await huizheng.restore_wallet(
            self.folder, pin, self.config, self.keys, self.http, backup, passphrase, self.clock, self.biometrics
        )

    async def recover(self, pin=PIN):
        return await huizheng.recover_wallet(
            self.folder, pin, self.config, self.keys, self.http, self.clock, self.biometrics
        )

    async def open_by_biometrics(self):
        return await huizheng.Wallet.open_by_biometrics(
            self.folder, self.config, self.keys, self.http, self.biometrics, self.clock
        )


@pytest.fixture(scope="session")
def urls():
    named = os.environ.get("HUIZHENG_URLS")
    if not named:
        pytest.exit("HUIZHENG_URLS names no file: run `huizheng demo --headless --urls FILE` and set it", returncode=2)
    return json.loads(Path(named).read_text())


@pytest.fixture
def phone(tmp_path, urls):
    return Phone(tmp_path, urls)


@pytest.fixture
def other_phone(tmp_path, urls):
    folder = tmp_path / "other"
    folder.mkdir()
    return Phone(folder, urls)


@pytest.fixture
def offline_counter(tmp_path, urls):
    for needed in ("HUIZHENG", "HUIZHENG_DATA"):
        if needed not in os.environ:
            pytest.exit(f"{needed} is not set: the command, and the demo's folder", returncode=2)
    return OfflineCounter(tmp_path, urls)


@pytest.fixture(scope="session")
def licensing(urls):
    """The department that issues business licences."""
    return Issuer(urls["issuers"]["market-supervision"]["url"], urls["staff_token"])


@pytest.fixture(scope="session")
def police(urls):
    """The department that issues identity cards."""
    return Issuer(urls["issuers"]["public-security"]["url"], urls["staff_token"])


@pytest.fixture(scope="session")
def counter(urls):
    return Counter(urls["verifier"]["url"], urls["staff_token"])


@pytest.fixture
def licence(licensing):
    return approved_licence(licensing)
