package huizheng.tests

import huizheng.app.swing.Look
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.Text
import java.nio.file.Path
import kotlin.io.path.createFile
import kotlin.io.path.createSymbolicLinkPointingTo
import kotlin.io.path.deleteExisting
import kotlin.io.path.div
import kotlin.io.path.exists
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.readBytes
import kotlin.io.path.writeBytes
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertTrue

/** The app in a window: a wallet whose disk lost most of it, found it again, and lost it for good. */
class DamageTest {
    @Test
    fun inChineseByDay() = story(Chinese, Look.Light, "zh-light")

    @Test
    fun inEnglishByNight() = story(English, Look.Dark, "en-dark")

    private fun story(words: Text, look: Look, pictures: String) = Holder(words, look, pictures).use {
        with(it) {
            begin()
            receive(Services.licensing.offer(approvedLicence()))
            val code = backUp()
            lock()
            val lost = onTheDisk(::cutShort)
            unlock()
            reads(words.damagedMeans)
            picture("damaged")
            onTheDisk { giveBack(it, lost) }
            recover(words.recovered)
            picture("recovered")
            press(words.seeCards)
            readsCard(words.valid)
            assertEquals(listOf("keys", "wallet", "wallet-damaged"), onTheDisk())

            lock()
            onTheDisk(::cutShort)
            unlock()
            recoverWithNoRoom()
            restore(code)
        }
    }

    private fun Holder.recover(outcome: String) {
        press(words.recover)
        reads(words.recoverLead)
        type(words.pin, PIN)
        press(words.recover)
        reads(outcome)
    }

    /** The copy that is made first fails: what was kept of the time before stays, and the wallet as it is. */
    private fun Holder.recoverWithNoRoom() {
        reads(words.damagedMeans)
        val (unreadable, before) = onTheDisk { it / "unreadable" to it.resolveSibling("wallet-damaged") / "before" }
        before.createFile()
        unreadable.createSymbolicLinkPointingTo(Path.of("nowhere"))
        recover(words.problems.file.title)
        assertTrue(before.exists())
        assertEquals(listOf("keys", "wallet", "wallet-damaged"), onTheDisk())
        unreadable.deleteExisting()
        press(words.back)
        reads(words.unlockTitle)
        unlock()
    }

    private fun Holder.backUp(): String {
        val code = saveBackup()
        reads(words.backupSaved)
        press(words.seeCards)
        return code
    }

    /** In the place of the damaged wallet. A wrong code changes nothing. */
    private fun Holder.restore(code: String) {
        reads(words.damagedMeans)
        press(words.haveBackup)
        press(words.chooseBackup)
        for ((typed, result) in listOf("ABCD" to words.wrongBackupCode, code to words.restored)) {
            type(words.backupCode, typed)
            type(words.newPin, PIN)
            type(words.pinAgain, PIN)
            press(words.restoreNow)
            reads(result)
        }
        press(words.seeCards)
        reads(words.collectAgain)
    }

    private fun giveBack(wallet: Path, lost: Map<String, ByteArray>) {
        (wallet / "sled").listDirectoryEntries("snap.*").forEach(Path::deleteExisting)
        lost.forEach { (name, bytes) -> (wallet / "sled" / name).writeBytes(bytes) }
    }

    /** Takes the end of the database away; gives it all back, by the files' names. */
    private fun cutShort(wallet: Path): Map<String, ByteArray> {
        val data = wallet / "sled" / "db"
        val snapshots = data.parent.listDirectoryEntries("snap.*")
        val whole = snapshots.plusElement(data).associate { it.name to it.readBytes() }
        snapshots.forEach(Path::deleteExisting)
        data.writeBytes(whole.getValue("db").copyOf(whole.getValue("db").size / 100))
        return whole
    }
}
