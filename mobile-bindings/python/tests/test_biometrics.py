"""Opening by face or finger, beside the PIN, through the app's own port."""

import pytest
from conftest import PIN
from huizheng_phone import huizheng

WalletError = huizheng.WalletError


class Sensor(huizheng.Biometrics):
    """A sensor: who touches it, and which set of fingers is enrolled."""

    def __init__(self):
        self.owner = True
        self.enrolled = 1
        self.key = None

    async def protect(self, secret):
        self.key = self.enrolled
        return bytes(byte ^ 0x5A for byte in secret)

    async def release(self, guarded):
        if self.key != self.enrolled:
            raise huizheng.HolderKeyError.Gone()
        if not self.owner:
            raise huizheng.HolderKeyError.Declined()
        return bytes(byte ^ 0x5A for byte in guarded)

    async def forget(self):
        self.key = None


async def test_a_finger_opens_what_the_pin_switched_on(phone):
    phone.biometrics = Sensor()
    wallet = await phone.create()
    assert not await wallet.has_biometrics()
    with pytest.raises(WalletError.EnterPinAgain):
        await wallet.enrol_biometrics("246802")
    await wallet.enrol_biometrics(PIN)
    assert await wallet.has_biometrics()
    wallet.lock()

    # The wrong PIN that was tried makes none wait, and was forgiven by the right one.
    opened = await phone.open_by_biometrics()
    assert await opened.cards() == []
    opened.lock()

    phone.biometrics.owner = False
    with pytest.raises(WalletError.Cancelled):
        await phone.open_by_biometrics()
    phone.biometrics.owner = True
    phone.biometrics.enrolled = 2
    with pytest.raises(WalletError.UseAnotherWay):
        await phone.open_by_biometrics()
    wallet = await phone.open()
    await wallet.forget_biometrics()
    wallet.lock()
    with pytest.raises(WalletError.UseAnotherWay):
        await phone.open_by_biometrics()


async def test_a_device_that_has_none(phone):
    wallet = await phone.create()
    with pytest.raises(WalletError.UseAnotherWay):
        await wallet.enrol_biometrics(PIN)


def test_screens_that_show_something_are_to_be_protected():
    Screen = huizheng.WalletScreen
    assert {screen for screen in Screen if not huizheng.is_protected(screen)} == {Screen.WELCOME, Screen.SCAN, Screen.SETTINGS}


async def test_wrong_pins_wipe_where_the_app_wants_it(phone):
    await phone.told(wipe_after=2).create()
    with pytest.raises(WalletError.EnterPinAgain):
        await phone.open("246802")
    with pytest.raises(WalletError.RestoreWallet):
        await phone.open("246802")
    assert not huizheng.wallet_exists(phone.folder)


async def test_a_damaged_wallet_is_recovered_with_what_can_be_read(phone):
    (await phone.create()).lock()
    recovered = await phone.recover()
    assert (recovered.cards, recovered.cards_lost, recovered.incomplete) == (0, 0, False)
    recovered.wallet.lock()
    with pytest.raises(WalletError.EnterPinAgain):
        await phone.recover("246802")
