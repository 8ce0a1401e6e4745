"""A phone in Python: what an app puts around the wallet, in its smallest form.

    from huizheng_phone import HttpClient, SoftwareKeyStore, huizheng

    wallet = await huizheng.Wallet.create(
        folder, pin, huizheng.WalletConfig(anchor=anchor, node=node), SoftwareKeyStore(keys), HttpClient()
    )
"""

from .keys import SoftwareKeyStore
from .library import huizheng
from .network import HttpClient

__all__ = ["HttpClient", "SoftwareKeyStore", "huizheng"]
