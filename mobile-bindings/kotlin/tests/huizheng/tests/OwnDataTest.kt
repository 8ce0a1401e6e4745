package huizheng.tests

import huizheng.app.swing.Look
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.Text
import java.io.IOException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

private const val NEW_PIN = "a longer phrase"

/** The app in a window: an entry of the log complained from, another PIN, a copy of everything, and the end of it. */
class OwnDataTest {
    @Test
    fun inChineseByDay() = story(Chinese, Look.Light, "zh-light")

    @Test
    fun inEnglishByNight() = story(English, Look.Dark, "en-dark")

    private fun story(words: Text, look: Look, pictures: String) = Holder(words, look, pictures).use {
        with(it) {
            begin()
            receive(Services.licensing.offer(approvedLicence()))
            complain()
            deleteAnEntry()
            changeThePin()
            export()
            erase()
        }
    }

    private val Holder.centre get() = if (words === Chinese) "合肥市政务服务中心" else "Hefei Government Service Centre"

    private fun Holder.complain() {
        press(words.scan)
        show(Services.counter.ask("company-service").link)
        press(words.agree)
        reads(words.shared)
        press(words.seeCards)
        press(words.log)
        pressEntry(words.logShared(centre))
        reads(words.itsAddress)
        picture("entry")
        press(words.complain)
        reads(words.complaintLead)
        picture("complaint")
        val letter = letter(words.letter)
        assertTrue(centre in letter && Services.counterDid in letter && "91340100MA8HUE6K0R" !in letter, letter)
        type(words.letter, letter + "\nkept too long")
        press(words.saveLetter)
        reads(words.complaintSaved)
        assertEquals(letter + "\nkept too long", kept.last().decodeToString())
        assertTrue(letter(words.letter).endsWith("kept too long"), "what she wrote stays")
        press(words.back)
        press(words.back)
    }

    private fun Holder.deleteAnEntry() {
        val line = words.logShared(centre)
        pressEntry(line)
        press(words.deleteEntry)
        reads(words.deleteEntrySure)
        press(words.keep)
        press(words.deleteEntry)
        reads(words.deleteEntrySure)
        press(words.deleteEntry)
        reads(words.logLead)
        assertFalse(isThere(line))
    }

    private fun Holder.changeThePin() {
        press(words.more)
        press(words.changePin)
        for ((old, again, said) in listOf(
            Triple("246802", NEW_PIN, words.problems.wrongPin(null).title),
            Triple(PIN, "another", words.pinsDiffer),
            Triple(PIN, NEW_PIN, words.pinChanged),
        )) {
            type(words.pin, old)
            type(words.newPin, NEW_PIN)
            type(words.pinAgain, again)
            press(words.changePin)
            reads(said)
        }
        press(words.seeCards)
        lock()
        type(words.pin, NEW_PIN)
        press(words.unlock)
        readsCard(words.valid)
    }

    private fun Holder.export() {
        press(words.more)
        press(words.exportOrErase)
        picture("data", isProtected = false)
        chooser = { throw IOException("a folder that is not to be written to") }
        press(words.exportNow)
        reads(words.problems.file.title)
        chooser = {}
        press(words.exportNow)
        reads(words.exported)
        val everything = kept.last().decodeToString()
        assertTrue("91340100MA8HUE6K0R" in everything && Services.licensing.url in everything)
    }

    private fun Holder.erase() {
        press(words.erase)
        reads(words.eraseSure)
        picture("erase", isProtected = false)
        press(words.eraseNot)
        press(words.erase)
        press(words.eraseNow)
        reads(words.erased)
        picture("erased")
        assertEquals(listOf("keys"), onTheDisk(), "of the wallet nothing is left")
    }
}
