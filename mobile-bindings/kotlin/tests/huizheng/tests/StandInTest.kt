package huizheng.tests

import huizheng.Card
import huizheng.CardHolder
import huizheng.CardToCollect
import huizheng.Consent
import huizheng.CredentialFormat
import huizheng.InternalException
import huizheng.LegalBasis
import huizheng.LocalText
import huizheng.NoHandle
import huizheng.OfferedCredential
import huizheng.OfflineCode
import huizheng.PickedUp
import huizheng.Verifier
import huizheng.WaitedFor
import huizheng.Wallet
import huizheng.WalletException
import huizheng.app.model.Absence
import huizheng.app.model.Cards
import huizheng.app.model.ShowCode
import huizheng.app.model.YourData
import huizheng.app.port.Documents
import huizheng.app.port.Prompts
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.codeOver
import huizheng.app.text.codeStopped
import huizheng.app.text.explain
import huizheng.app.text.explainRestoring
import java.io.IOException
import java.time.Duration
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.job
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield

private val NOBODY = LocalText("某", "somebody")

/** A wallet that has one card coming, and answers as a test says. */
private class StandIn : Wallet(NoHandle) {
    var asked = 0
    var export: () -> String = { "{}" }
    val codes = ArrayDeque<() -> OfflineCode>()
    private var due: WaitedFor? = WaitedFor(
        "1", "https://a.example/", "a.example", null, OfferedCredential("b", "digital-id", NOBODY, CredentialFormat.SD_JWT_VC), Instant.EPOCH,
    )

    override suspend fun cards() = emptyList<Card>()

    override suspend fun holders() = emptyList<CardHolder>()

    override suspend fun waitedFor() = listOfNotNull(due)

    override suspend fun giveUp(id: String) = (due?.id == id).also { if (it) due = null }

    override suspend fun toCollect() = emptyList<CardToCollect>()

    override suspend fun unreadableCards() = emptyList<String>()

    override suspend fun pickUp(): List<PickedUp> {
        asked++
        return emptyList()
    }

    override suspend fun exportAll() = export()

    override suspend fun presentOffline(consentId: String, choice: Map<String, List<String>>, coarse: Boolean) = codes.removeFirst()()
}

/** A screen on a thread of its own. */
private fun onAScreen(test: suspend CoroutineScope.() -> Unit) = runBlocking {
    val screen = CoroutineScope(coroutineContext + SupervisorJob(coroutineContext.job))
    try {
        withTimeout(30_000) { screen.test() }
    } finally {
        screen.cancel()
    }
}

/** Until nothing is under way on a screen. */
private suspend fun CoroutineScope.settled() = coroutineContext.job.children.toList().joinAll()

/** The models with a stand-in for the wallet: what they ask it for and when, and what they make of what fails. */
class StandInTest {
    private val wallet = StandIn()

    @Test
    fun whatIsGivenUpIsAskedAboutFirst() = onAScreen {
        val cards = Cards(this, wallet)
        settled()
        val card = cards.state.value.waiting.single()
        cards.askToGiveUp(card.id)
        assertEquals(card.id, cards.state.value.leaving)
        cards.keepWaiting()
        assertTrue(cards.state.value.run { leaving == null && waiting.isNotEmpty() })
        cards.askToGiveUp(card.id)
        cards.check()
        settled()
        assertEquals(card.id, cards.state.value.leaving, "what is asked stays while the chain is")
        cards.giveUp(card.id)
        settled()
        assertTrue(cards.state.value.run { leaving == null && isEmpty && !busy })
    }

    @Test
    fun aListThatIsOpenedAsksNoIssuer() = onAScreen {
        val cards = Cards(this, wallet)
        settled()
        assertEquals(0, wallet.asked, "her key would be asked for, and she has pressed nothing")
        assertTrue(cards.state.value.run { waiting.all(::isDue) && !busy }, "it says that she can")
        cards.pickUp()
        settled()
        assertEquals(1, wallet.asked)
    }

    @Test
    fun whateverFailsIsSaidAndLeavesTheScreenUsable() = onAScreen {
        var failing: Exception? = IOException("a folder that is not to be written to")
        val files = object : Documents {
            override suspend fun save(name: String, content: ByteArray) = failing?.let { throw it } ?: true

            override suspend fun open(): ByteArray = throw IOException("gone")
        }
        val data = YourData(this, wallet, files) {}
        suspend fun exported(): YourData.State {
            data.export()
            settled()
            return data.state.value
        }
        assertIs<IOException>(exported().problem)
        assertFalse(data.state.value.busy)
        failing = null
        assertTrue(exported().exported)
        // What the library throws when it has a fault itself is no `WalletException`.
        wallet.export = { throw InternalException("a fault") }
        assertIs<InternalException>(exported().problem)
        assertFalse(data.state.value.busy)
    }

    @Test
    fun aCodeThatWasShownMayHaveBeenRead() = onAScreen {
        val shown = { OfflineCode(listOf("HZ1:"), 1uL, Instant.now().plusMillis(50), null, "1") }
        val dismissed = { throw WalletException.Cancelled() }
        wallet.codes += listOf(dismissed, shown, dismissed, { throw WalletException.GetNewRequest("expired") })
        val verifier = Verifier("did:web:a", NOBODY, "", Instant.EPOCH)
        val consent = Consent("1", verifier, "a", NOBODY, LegalBasis.CONSENT, NOBODY, 0u, null, emptyList(), emptyList())
        val code = ShowCode(this, wallet, consent, emptyMap())
        settled()
        assertEquals(ShowCode.State.Stopped(wasShown = false), code.state.value)
        code.make()
        settled()
        assertEquals(ShowCode.State.Stopped(wasShown = true), code.state.value)
        code.make()
        settled()
        assertEquals(ShowCode.State.Over(wasShown = true), code.state.value)
        for (words in listOf(Chinese, English)) {
            assertEquals(words.problems.cancelled, words.codeStopped(wasShown = false))
            assertEquals(words.problems.requestGone, words.codeOver(wasShown = false))
            for (said in listOf(words.codeStopped(wasShown = true), words.codeOver(wasShown = true))) assertEquals(words.codeMayBeRead, said.todo)
        }
    }

    @Test
    fun wordsAreOfWhatHappened() {
        fun distrusted(code: String) = WalletException.DoNotTrust(code, "")
        for (words in listOf(Chinese, English)) with(words.problems) {
            val said = mapOf(
                distrusted("credential-rejected") to untrustedIssuer,
                distrusted("login-answer") to strangeLogin,
                distrusted("internal-address") to innerAddress,
                distrusted("not-registered") to untrustedVerifier,
                IOException() to file,
                InternalException("a fault") to app,
            )
            for ((error, problem) in said) assertEquals(problem, words.explain(error), "$error")
            assertEquals(said.size, said.values.toSet().size)
            val noBackup = words.explainRestoring(WalletException.UseAnotherWay("no backup"))
            assertEquals(words.noBackup, noBackup.title)
            assertNotEquals(notSupported, noBackup)
            assertEquals(words.wrongBackupCode, words.explainRestoring(WalletException.EnterPinAgain(0u, Duration.ZERO)).title)
        }
    }

    private val prompts = Prompts()
    private val chosen = CompletableDeferred<Unit>()
    private var locked = 0

    /** An absence that begins while a chooser is open. */
    private suspend fun CoroutineScope.behindAChooser(patience: Duration): Absence {
        launch { prompts.showing { chosen.await() } }
        yield()
        return Absence(this, prompts, patience) { locked++ }.apply { begins() }
    }

    @Test
    fun whoLeavesTheAppIsLockedOutAtOnce() = onAScreen {
        Absence(this, prompts, Absence.PATIENCE) { locked++ }.begins()
        assertEquals(1, locked)
    }

    @Test
    fun whoComesBackFromAChooserIsNot() = onAScreen {
        val absence = behindAChooser(Absence.PATIENCE)
        chosen.complete(Unit)
        yield() // what was chosen comes before the app does
        absence.ends()
        settled()
        assertEquals(0, locked)
    }

    @Test
    fun whoClosesTheChooserAndStaysAwayIs() = onAScreen {
        behindAChooser(Absence.PATIENCE)
        chosen.complete(Unit)
        settled()
        assertEquals(1, locked)
    }

    @Test
    fun whoStaysAtTheChooserIsAfterAWhile() = onAScreen {
        behindAChooser(Duration.ofMillis(50))
        while (locked == 0) delay(5)
        assertTrue(prompts.isOpen)
    }

    @Test
    fun aProcessThatWasFrozenLocksWhenItGoesOn() = onAScreen {
        val absence = behindAChooser(Duration.ofMillis(20))
        Thread.sleep(50) // and no timer runs
        absence.ends()
        assertEquals(1, locked)
    }
}
