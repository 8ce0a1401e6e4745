package huizheng.tests

import huizheng.app.swing.Look
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.Text
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse

/** The app in a window: begun on a phone with no screen lock, and begun anew when the PIN is forgotten. */
class StartTest {
    @Test
    fun inChineseByDay() = story(Chinese, Look.Light, "zh-light")

    @Test
    fun inEnglishByNight() = story(English, Look.Dark, "en-dark")

    private fun story(words: Text, look: Look, pictures: String) = Holder(words, look, pictures, hasScreenLock = false).use {
        with(it) {
            lockThePhoneFirst()
            begin()
            removeTheScreenLock()
            press(words.more)
            switchFingerOn()
            forgetThePin()
        }
    }

    private fun Holder.lockThePhoneFirst() {
        reads(words.noScreenLock)
        assertFalse(words.newPin in names(), "nothing is begun that can't be gone on with")
        picture("no-screen-lock")
        hasScreenLock = true
        press(words.screenLockSet)
    }

    /** The wallet opens, and says why it can have no card. */
    private fun Holder.removeTheScreenLock() {
        hasScreenLock = false
        lock()
        reads(words.noScreenLock)
        hasScreenLock = true
        unlock()
        reads(words.noCards)
    }

    private fun Holder.forgetThePin() {
        lock()
        press(words.forgotPin)
        reads(words.forgotPinBringsWhat)
        picture("forgotten")
        press(words.erase)
        reads(words.eraseSure)
        picture("forgotten-sure")
        press(words.eraseNot)
        reads(words.unlockTitle)
        press(words.forgotPin)
        press(words.erase)
        press(words.eraseNow)
        reads(words.erased)
        assertEquals(listOf("keys"), onTheDisk(), "of the wallet nothing is left, nor of what a finger opened")
        begin("a longer phrase")
        lock()
        assertFalse(words.byFinger in names(), "a finger opens nothing yet")
        unlock("a longer phrase")
        reads(words.noCards)
    }
}
