package huizheng.tests

import huizheng.CardState
import huizheng.ConsentWarning
import huizheng.CredentialFormat
import huizheng.KeyProtection
import huizheng.LegalBasis
import huizheng.LogEvent
import huizheng.PresentationOutcome
import huizheng.Wallet
import huizheng.WalletException
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking

private const val NEW_PIN = "a longer phrase"

/** What the counter may ask for this purpose, as the chain says. */
private const val PURPOSE = "company-service"
private val CLAIMS = setOf("name", "creditCode", "legalRepresentative")
private const val TOO_MUCH = """{"credentials": [{"id": "licence", "format": "dc+sd-jwt",
    "meta": {"vct_values": ["urn:huizheng:business-licence:1"]}, "claims": [{"path": ["name"]}, {"path": ["address"]}]}]}"""

/** The phone's story, from an empty folder to a refusal, against running services. */
class StoryTest {
    private val phone = Phone()
    private val counter = Services.counter

    @Test
    fun thePhonesStory() = runBlocking {
        val licence = approvedLicence()
        val wallet = phone.create()
        assertEquals(KeyProtection.SOFTWARE, wallet.protection())

        val card = receive(wallet, Services.licensing.offer(licence))
        present(wallet)
        refuseOverreach(wallet)
        decline(wallet)

        Services.licensing.revoke(licence, "the company was dissolved")
        presentRevoked(wallet, card)

        readLog(wallet)
        wallet.changePin(PIN, NEW_PIN)
        wallet.lock()
        assertFailsWith<WalletException.OpenWallet> { wallet.cards() }
        val opened = phone.open(NEW_PIN)
        assertEquals(listOf(card), opened.cards().map { it.id })
        assertEquals(4, opened.log().size)
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

    private suspend fun present(wallet: Wallet) {
        val request = counter.ask(PURPOSE)
        val consent = wallet.reviewRequest(request.link)
        assertEquals("合肥市政务服务中心", consent.verifier.name.zh)
        assertEquals(PURPOSE to LegalBasis.CONSENT, consent.purpose to consent.legalBasis)
        assertEquals(30u, consent.retentionDays)
        val question = consent.questions.single()
        val option = question.options.first()
        assertEquals(CredentialFormat.SD_JWT_VC, option.format)
        assertEquals(CLAIMS, option.leaves.map { it.name }.toSet())
        assertTrue("address" in option.stays.map { it.name })
        assertEquals("open", counter.read(request).state)

        assertTrue(wallet.present(consent.id, mapOf(question.id to option.id)).logEntry.isNotEmpty())
        val read = counter.read(request)
        assertEquals("accepted", read.decision, "$read")
        assertTrue(read.checks("passed").containsAll(setOf("issuer_signature", "issuer_accredited", "status", "holder_binding")))
        val claims = read.claims.single()
        assertEquals(CLAIMS, claims.keySet())
        assertEquals(option.holderLine, claims["name"].asString)

        assertFailsWith<WalletException.GetNewRequest> { wallet.present(consent.id) }
    }

    private suspend fun refuseOverreach(wallet: Wallet) {
        val request = counter.ask(PURPOSE, TOO_MUCH)
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

    private suspend fun readLog(wallet: Wallet) {
        val entries = wallet.log()
        val kinds = listOf(LogEvent.Presented::class, LogEvent.Declined::class, LogEvent.Refused::class, LogEvent.Presented::class, LogEvent.Received::class)
        assertEquals(kinds, entries.map { it.event::class })
        assertEquals(entries.map { it.at }.sortedDescending(), entries.map { it.at })

        assertIs<PresentationOutcome.Delivered>((entries[0].event as LogEvent.Presented).outcome)
        val refused = entries[2].event as LogEvent.Refused
        assertEquals("asks-too-much" to listOf("address"), refused.code to refused.claims)
        assertEquals(CLAIMS, (entries[3].event as LogEvent.Presented).shared[0].claims.toSet())
        assertFalse("程知夏" in entries.toString(), "the log holds names of claims, never values")

        assertEquals(listOf(entries[2].id, entries[3].id), wallet.log(entries[1].id, 2u).map { it.id })
        assertTrue(wallet.deleteLogEntry(entries[4].id))
        assertEquals(4, wallet.log().size)
    }
}
