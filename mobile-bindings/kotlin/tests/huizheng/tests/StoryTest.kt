package huizheng.tests

import huizheng.CardState
import huizheng.Consent
import huizheng.ConsentWarning
import huizheng.CredentialFormat
import huizheng.HolderLink
import huizheng.KeyProtection
import huizheng.LegalBasis
import huizheng.LogEvent
import huizheng.PresentationOutcome
import huizheng.QrCollector
import huizheng.QrSeen
import huizheng.Wallet
import huizheng.WalletException
import huizheng.newBackupCode
import java.time.Duration
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotEquals
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.test.fail
import kotlinx.coroutines.runBlocking

private const val NEW_PIN = "a longer phrase"

/** What the counter may ask for this purpose, as the chain says. */
private const val PURPOSE = "company-service"
private val CLAIMS = setOf("name", "creditCode", "legalRepresentative")

/** A query for these claims of a business licence. */
private fun asking(vararg claims: String): String {
    val paths = claims.joinToString { """{"path": ["$it"]}""" }
    return """{"credentials": [{"id": "licence", "format": "dc+sd-jwt",
        "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [$paths]}]}"""
}

/** The phone's story against running services: from an empty folder, by way of a lost phone, to a card that was revoked. */
class StoryTest {
    private val phone = Phone()
    private val counter = Services.counter
    private val offlineCounter = OfflineCounter()

    @Test
    fun thePhonesStory() = runBlocking {
        val steps = Steps()
        val licence = approvedLicence()
        var wallet = phone.create()
        assertEquals(KeyProtection.SOFTWARE, wallet.protection())

        steps.next("receive")
        val card = receive(wallet, Services.licensing.offer(licence))
        steps.next("consent")
        val (request, consent) = review(wallet)
        steps.next("present")
        present(wallet, request, consent)
        steps.next("refuse")
        refuseOverreach(wallet)
        steps.next("decline")
        decline(wallet)

        wallet.lock()
        wallet = phone.withNoNetwork().open()
        steps.next("answer a code")
        answerACode(wallet)
        steps.next("answer a printed code")
        answerAPrintedCode(wallet)
        wallet.lock()
        wallet = phone.open()

        steps.next("log")
        readLog(wallet)
        steps.next("back up")
        val (code, backup) = backUp(wallet)
        steps.next("restore")
        val other = Phone()
        val restored = restore(other, code, backup, wallet, card)
        wallet.lock()
        steps.next("collect again")
        val again = approvedLicence()
        val fresh = collectAgain(restored, Services.licensing.offer(again))
        steps.next("say what links")
        sayWhatLinks(restored)
        steps.next("show what was revoked")
        Services.licensing.revoke(again, "the company was dissolved")
        presentRevoked(restored, fresh)

        steps.next("lock")
        restored.changePin(PIN, NEW_PIN)
        restored.lock()
        assertFailsWith<WalletException.OpenWallet> { restored.cards() }
        assertEquals(listOf(fresh), other.open(NEW_PIN).cards().map { it.id })
        steps.end()
    }

    private suspend fun receive(wallet: Wallet, letter: Letter): String {
        val offer = wallet.previewOffer(letter.link)
        val details = offer.details()
        val formats = setOf(CredentialFormat.SD_JWT_VC, CredentialFormat.LDP_VC)
        assertEquals(formats, details.credentials.map { it.format }.toSet())
        assertTrue(details.takesCode && details.txCode!!.digitsOnly)
        assertEquals(letter.txCode.length, details.txCode!!.length!!.toInt())
        val wrong = letter.txCode.map { if (it == '9') '0' else it + 1 }.joinToString("")
        assertEquals(4u, assertFailsWith<WalletException.EnterTxCode> { wallet.receive(offer, wrong) }.attemptsLeft)

        val received = wallet.receive(offer, letter.txCode)
        assertEquals(emptyList(), received.failed)
        val card = received.cards.single()
        assertEquals("business-licence" to "营业执照", card.kind to card.label.zh)
        assertEquals(formats, card.formats.toSet())
        assertEquals("合肥徽光软件有限公司", card.holderLine)
        assertIs<CardState.Valid>(card.state)
        val capital = card.claims.single { it.name == "registeredCapital" }
        assertEquals("CNY 5,000,000.00" to "500000000", capital.text.en to capital.json)

        assertEquals(listOf(card.id), wallet.cards().map { it.id })
        assertEquals(card.claims, wallet.card(card.id)!!.claims)
        assertNull(wallet.card("another"))
        return card.id
    }

    private suspend fun review(wallet: Wallet): Pair<Request, Consent> {
        val request = counter.ask(PURPOSE)
        val consent = wallet.reviewRequest(request.link)
        assertEquals("合肥市政务服务中心", consent.verifier.name.zh)
        assertEquals(PURPOSE to LegalBasis.CONSENT, consent.purpose to consent.legalBasis)
        assertEquals(30u, consent.retentionDays)
        val option = consent.questions.single().options.first()
        assertEquals(CredentialFormat.SD_JWT_VC, option.format)
        assertEquals(CLAIMS, option.leaves.map { it.name }.toSet())
        assertTrue("address" in option.stays.map { it.name })
        assertEquals("open", counter.read(request).state, "nothing left yet")
        return request to consent
    }

    private suspend fun present(wallet: Wallet, request: Request, consent: Consent) {
        val question = consent.questions.single()
        val option = question.options.first()
        assertTrue(wallet.present(consent.id, mapOf(question.id to listOf(option.id))).logEntry.isNotEmpty())
        val read = counter.read(request)
        assertEquals("accepted", read.decision, "$read")
        assertTrue(read.checks("passed").containsAll(setOf("issuer_signature", "issuer_accredited", "status", "holder_binding")))
        val claims = read.claims.single()
        assertEquals(CLAIMS, claims.keySet())
        assertEquals(option.holderLine, claims["name"].asString)

        assertFailsWith<WalletException.GetNewRequest> { wallet.present(consent.id) }
    }

    private suspend fun refuseOverreach(wallet: Wallet) {
        val request = counter.ask(PURPOSE, asking("name", "address"))
        val refused = assertFailsWith<WalletException.ReportOverreach> { wallet.reviewRequest(request.link) }
        assertEquals(listOf("address") to listOf("住所"), refused.claims to refused.labels.map { it.zh })
        assertEquals("business-licence", refused.credentialType)
        assertEquals("declined", counter.read(request).state)
    }

    private suspend fun decline(wallet: Wallet) {
        val request = counter.ask(PURPOSE)
        val consent = wallet.reviewRequest(request.link)
        assertTrue(wallet.decline(consent.id))
        assertFalse(wallet.decline(consent.id))
        assertEquals("declined", counter.read(request).state)
    }

    /** What a camera gathers of these codes; they come in any order, and some twice. */
    private fun scan(codes: List<String>): ByteArray = QrCollector().use { collector ->
        for (code in codes.reversed() + codes) {
            when (val seen = collector.add(code)) {
                is QrSeen.Whole -> return seen.message
                else -> assertIs<QrSeen.Part>(seen)
            }
        }
        fail("codes are missing")
    }

    private suspend fun answerACode(wallet: Wallet) {
        val ask = offlineCounter.ask(PURPOSE, asking(*CLAIMS.toTypedArray()))
        val consent = wallet.reviewOffline(scan(ask.codes))
        assertEquals("合肥市政务服务中心" to PURPOSE, consent.verifier.name.zh to consent.purpose)
        val question = consent.questions.single()
        val option = question.options.first()
        assertEquals(CLAIMS, option.leaves.map { it.name }.toSet())

        val code = wallet.presentOffline(consent.id, mapOf(question.id to listOf(option.id)))
        assertTrue(Duration.between(code.evidenceAsOf!!, Instant.now()) < Duration.ofHours(1))
        val decision = offlineCounter.decide(ask, code.frames)
        assertTrue(decision.isAccepted && option.holderLine in decision.said, decision.said)

        val another = offlineCounter.decide(offlineCounter.ask(PURPOSE, asking(*CLAIMS.toTypedArray())), code.frames)
        assertFalse(another.isAccepted || option.holderLine in another.said, another.said)
    }

    private suspend fun answerAPrintedCode(wallet: Wallet) {
        val ask = offlineCounter.ask(PURPOSE, asking("name"), place = "hall-3")
        val consent = wallet.reviewOffline(scan(ask.codes))
        val code = wallet.presentOffline(consent.id, emptyMap(), coarse = true)
        // It lives a minute; the next one is another, and the same entry in the log.
        val following = wallet.presentOffline(consent.id, emptyMap())
        assertNotEquals(code.frames, following.frames)
        assertEquals(code.logEntry, following.logEntry)
        assertTrue(code.frames.size > following.frames.size)
        for (each in listOf(code, following)) {
            val decision = offlineCounter.decide(ask, each.frames)
            assertTrue(decision.isAccepted, decision.said)
        }
    }

    private suspend fun readLog(wallet: Wallet) {
        val entries = wallet.log()
        val kinds = listOf(
            LogEvent.Presented::class, LogEvent.Presented::class, LogEvent.Declined::class,
            LogEvent.Refused::class, LogEvent.Presented::class, LogEvent.Received::class,
        )
        assertEquals(kinds, entries.map { it.event::class })
        assertEquals(entries.map { it.at }.sortedDescending(), entries.map { it.at })

        val (printed, code, first) = listOf(0, 1, 4).map { entries[it].event as LogEvent.Presented }
        assertIs<PresentationOutcome.Delivered>(first.outcome)
        assertIs<PresentationOutcome.Shown>(printed.outcome)
        assertIs<PresentationOutcome.Shown>(code.outcome)
        assertEquals(CLAIMS to CLAIMS, first.shared[0].claims.toSet() to code.shared[0].claims.toSet())
        assertEquals(listOf("name"), printed.shared[0].claims)
        val refused = entries[3].event as LogEvent.Refused
        assertEquals("asks-too-much" to listOf("address"), refused.code to refused.claims)
        assertFalse("程知夏" in entries.toString(), "the log holds names of claims, never values")

        assertEquals(listOf(entries[2].id, entries[3].id), wallet.log(entries[1].id, 2u).map { it.id })
        assertEquals(entries.take(5).map { it.id }, wallet.searchLog("政务服务中心").map { it.id })
        assertEquals(emptyList(), wallet.searchLog("nothing like it"))
        val draft = wallet.draftComplaint(entries[3].id)!!
        assertTrue("address" in draft.body.en && "合肥市政务服务中心" in draft.subject.zh)
        assertNull(wallet.draftComplaint(entries[5].id))
        assertTrue(wallet.deleteLogEntry(entries[5].id))
        assertFalse(wallet.deleteLogEntry(entries[5].id))
        assertEquals(5, wallet.log().size)
    }

    private suspend fun backUp(wallet: Wallet): Pair<String, ByteArray> {
        assertFailsWith<WalletException.ChooseAnotherPin> { wallet.backUp(PIN) }
        val code = newBackupCode()
        assertEquals(24, code.replace("-", "").length)
        assertNotEquals(code, newBackupCode())
        val backup = wallet.backUp(code)
        assertFalse("合肥徽光" in backup.decodeToString())
        return code to backup
    }

    private suspend fun restore(phone: Phone, code: String, backup: ByteArray, before: Wallet, card: String): Wallet {
        assertFailsWith<WalletException.EnterPinAgain> { phone.restore(backup, "another passphrase") }
        assertFailsWith<WalletException> { phone.restore(backup.copyOf(backup.size - 1), code) }
        assertFalse(phone.hasWallet())

        val restored = phone.restore(backup, code)
        val wallet = restored.wallet
        assertEquals(emptyList(), wallet.cards(), "no card without its key")
        val waits = restored.toCollect.single()
        assertEquals(Triple(card, "business-licence", "合肥徽光软件有限公司"), Triple(waits.id, waits.kind, waits.holderLine))
        assertNotNull(waits.collectAt)
        assertEquals(emptyList(), restored.waiting)
        assertEquals(before.log().size.toULong(), restored.logEntries)
        assertEquals(before.log(), wallet.log())
        return wallet
    }

    private suspend fun collectAgain(wallet: Wallet, letter: Letter): String {
        val received = wallet.receive(wallet.previewOffer(letter.link), letter.txCode)
        assertTrue(wallet.toCollect().isEmpty())
        return received.cards.single().id
    }

    /** Two cards that don't say of whom the other is: shown together, they do. */
    private suspend fun sayWhatLinks(wallet: Wallet) {
        val letter = Services.police.offer(approvedId())
        val identity = wallet.receive(wallet.previewOffer(letter.link), letter.txCode).cards.single()
        val alone = wallet.reviewRequest(counter.ask(PURPOSE).link)
        assertEquals(emptyList(), wallet.links(alone.id))
        val both = wallet.reviewRequest(counter.ask("tax-registration").link)
        assertEquals(2, both.questions.size)
        assertEquals(listOf<HolderLink>(HolderLink.Together(both.questions.map { it.id })), wallet.links(both.id))
        for (consent in listOf(alone, both)) assertTrue(wallet.decline(consent.id))
        assertEquals(emptyList(), wallet.links(both.id), "it is answered")
        assertTrue(wallet.deleteCard(identity.id))
    }

    private suspend fun presentRevoked(wallet: Wallet, card: String) {
        wallet.refresh()
        assertIs<CardState.Revoked>(wallet.card(card)!!.state)
        val request = counter.ask(PURPOSE)
        val consent = wallet.reviewRequest(request.link)
        assertTrue(ConsentWarning.NOT_IN_FORCE in consent.questions[0].options[0].warnings)
        wallet.present(consent.id)
        val read = counter.read(request)
        assertEquals("refused", read.decision, "$read")
        assertTrue("status" in read.checks("failed"))
    }
}
