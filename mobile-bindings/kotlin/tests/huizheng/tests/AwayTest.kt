package huizheng.tests

import huizheng.app.swing.Look
import huizheng.app.text.English
import java.time.Duration
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlinx.coroutines.CompletableDeferred

/** The app in a window: put into the background, by its holder or by a chooser that it opened itself. */
class AwayTest {
    private val chosen = CompletableDeferred<Unit>()

    @Test
    fun whoChoosesAPlaceForABackupIsInTheAppStill() = Holder(English, Look.Light, "away").use {
        with(it) {
            saveABackup()
            goAway()
            chosen.complete(Unit)
            comeBack()
            reads(words.backupSaved)
            assertEquals(1, kept.size)
            goAway()
            reads(words.unlockTitle)
        }
    }

    @Test
    fun whoStaysAtTheChooserIsLockedOut() = Holder(English, Look.Light, "away", patience = Duration.ofMillis(200)).use {
        with(it) {
            saveABackup()
            goAway()
            reads(words.unlockTitle)
            chosen.complete(Unit)
            comeBack()
            unlock()
            reads(words.noCards)
            assertEquals(0, kept.size)
        }
    }

    /** As far as to the chooser, which stays open. */
    private fun Holder.saveABackup() {
        begin()
        val asked = CompletableDeferred<Unit>()
        chooser = {
            asked.complete(Unit)
            chosen.await()
        }
        saveBackup()
        await("an open chooser", asked::isCompleted)
    }
}
