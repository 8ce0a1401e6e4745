"""What the tests run against: a running system, named by HUIZHENG_URLS."""

import json
import os
from pathlib import Path

import pytest
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
def counter(urls):
    return Counter(urls["verifier"]["url"], urls["staff_token"])


@pytest.fixture
def licence(licensing):
    return approved_licence(licensing)


def approved_licence(licensing):
    """An approved application for a business licence. Everything in it is invented."""
    claims = {
        "name": "合肥徽光软件有限公司",
        "creditCode": "91340100MA8HUE6K0R",
        "companyType": "有限责任公司（自然人投资或控股）",
        "legalRepresentative": "程知夏",
        "registeredCapital": 500_000_000,
        "established": "2021-06-18",
        "address": "安徽省合肥市高新区示例大道100号创新园B座9层",
        "businessScope": "软件开发；信息系统集成服务",
        "term": "long-term",
        "registrationAuthority": "合肥市市场监督管理局",
        "licenceIdentifier": "1.2.156.3005.2.11100000MB0143028R001.11340100MB1HUE0MXJ.2026AH01000086.001.C",
    }
    application = licensing.apply("business-licence", claims)
    licensing.approve(application)
    return application
