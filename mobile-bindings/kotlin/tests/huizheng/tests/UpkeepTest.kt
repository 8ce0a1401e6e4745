package huizheng.tests

import huizheng.CardState
import huizheng.Clock
import huizheng.Confirmation
import huizheng.ConfirmationLine
import huizheng.HolderLink
import huizheng.HttpClient
import huizheng.HttpRequest
import huizheng.HttpResponse
import huizheng.LocalText
import huizheng.LogEvent
import huizheng.LogQuery
import huizheng.Wallet
import huizheng.WalletClient
import huizheng.WalletConfig
import huizheng.WalletException
import huizheng.jvm.JvmHttpClient
import java.net.URLDecoder
import java.time.Duration
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking

private const val PURPOSE = "company-service"
private val LICENCE = query("licence", "business-licence")

/** A query for the name on a card of this type. */
private fun query(id: String, type: String) =
    """{"id": "$id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:huizheng:$type:1"]}, "claims": [{"path": ["name"]}]}"""

private suspend fun Wallet.take(letter: Letter) = receive(previewOffer(letter.link), letter.txCode)

private suspend fun Phone.withLicence() = create().also { it.take(Services.licensing.offer(approvedLicence())) }

private fun told(
    showsConfirmations: Boolean = false,
    client: WalletClient? = null,
) = WalletConfig(Services.anchor, Services.node, showsConfirmations = showsConfirmations, client = client)

/** What an app tells its wallet, and what of optional sets leaves. */
class ToldTest {
    private val counter get() = Services.counter

    @Test
    fun anIssuerHearsTheAppsOwnClientId() = runBlocking {
        val own = WalletClient("cn.example.wallet", "cn.example.wallet:/back")
        val network = object : HttpClient {
            private val phones = JvmHttpClient()
            val sent = mutableListOf<String>()

            override suspend fun send(request: HttpRequest): HttpResponse {
                sent += URLDecoder.decode(request.body.decodeToString(), Charsets.UTF_8)
                return phones.send(request)
            }
        }
        val wallet = Phone(http = network, config = told(client = own)).create()
        val offer = wallet.previewIssuer(Services.licensing.url)
        // This issuer knows no such wallet.
        assertFailsWith<WalletException.UseAnotherWay> { wallet.beginLogin(offer, listOf("business-licence-sd-jwt")) }
        val pushed = network.sent.single { "client_id=" in it }
        assertTrue("client_id=${own.clientId}" in pushed && "redirect_uri=${own.redirectUri}" in pushed, pushed)

        val unsafe = WalletClient(own.clientId, "http://example.com/back")
        assertFailsWith<WalletException.FixApp> { Phone(config = told(client = unsafe)).create() }
        Unit
    }

    @Test
    fun whatIsAuthorisedIsShownSignedAndLogged() = runBlocking {
        val transaction = """[{
            "credential_ids": ["licence"], "title": {"zh": "开立对公账户", "en": "Open a business account"},
            "lines": [{"label": {"zh": "类型", "en": "Kind"}, "value": "基本户"}]
        }]"""
        val ask = { counter.ask(PURPOSE, """{"credentials": [$LICENCE]}""", transaction) }
        val wallet = Phone(config = told(showsConfirmations = true)).withLicence()
        val request = ask()
        val consent = wallet.reviewRequest(request.link)
        val title = LocalText("开立对公账户", "Open a business account")
        val line = ConfirmationLine(LocalText("类型", "Kind"), "基本户")
        assertEquals(listOf(Confirmation(title, listOf(line))), consent.confirmations)
        wallet.present(consent.id)
        val read = counter.read(request)
        assertEquals("accepted", read.decision, "$read")
        assertTrue("transaction" in read.checks("passed"), "$read")
        assertEquals(listOf(title), assertIs<LogEvent.Presented>(wallet.log(limit = 1u).single().event).asked.confirmed)

        // Nobody authorises what an app does not show.
        val other = Phone().withLicence()
        assertFailsWith<WalletException.GetNewRequest> { other.reviewRequest(ask().link) }
        Unit
    }

    @Test
    fun ofAnOptionalSetAllLeavesOrNothing() = runBlocking {
        val wallet = Phone().withLicence().also { it.take(Services.police.offer(approvedId())) }
        val asked = """{
            "credentials": [$LICENCE, ${query("who", "digital-id")}, ${query("firm", "business-licence")}],
            "credential_sets": [{"options": [["licence"]]}, {"options": [["who", "firm"]], "required": false}]
        }"""
        val consent = wallet.reviewRequest(counter.ask("tax-registration", asked).link)
        val (demanded, first, second) = consent.questions
        assertNull(demanded.set)
        assertEquals(assertNotNull(first.set), second.set)
        assertEquals(emptyList(), wallet.links(consent.id))
        // One of the set is named: the other leaves with it, and what that tells is said.
        val choice = mapOf(second.id to listOf(second.options[0].id))
        assertEquals(listOf<HolderLink>(HolderLink.Together(consent.questions.map { it.id })), wallet.links(consent.id, choice))
        wallet.present(consent.id, choice)
        assertEquals(3, assertIs<LogEvent.Presented>(wallet.log(limit = 1u).single().event).shared.size)
    }
}

/** What keeps a wallet in order. */
class UpkeepTest {
    private val counter get() = Services.counter

    @Test
    fun theLogIsSearchedByWhoWhatAndWhen() = runBlocking {
        val wallet = Phone().withLicence()
        val card = wallet.cards().single()
        wallet.present(wallet.reviewRequest(counter.ask(PURPOSE).link).id)
        wallet.decline(wallet.reviewRequest(counter.ask(PURPOSE).link).id)
        val (declined, presented, received) = wallet.log().map { it.id }
        val came = wallet.log().last().at
        suspend fun found(query: LogQuery, before: String? = null) = wallet.findInLog(query, before).map { it.id }

        assertEquals(listOf(declined, presented, received), found(LogQuery()), "nothing is asked of it")
        assertEquals(listOf(presented, received), found(LogQuery(), before = declined))
        assertEquals(listOf(declined, presented), found(LogQuery(verifier = Services.counterDid)))
        assertEquals(listOf(presented, received), found(LogQuery(card = card.id)))
        assertEquals(listOf(presented), found(LogQuery(sharedOnly = true)))
        assertEquals(listOf(received), found(LogQuery(text = card.issuerName.zh)))
        assertEquals(listOf(received), found(LogQuery(since = came, until = came.plusMillis(1))))
        assertEquals(emptyList(), found(LogQuery(until = came)))
        assertFailsWith<WalletException.FixApp> { found(LogQuery(verifier = "no DID")) }
        Unit
    }

    @Test
    fun whatIsOldLeavesTheLog() = runBlocking {
        val clock = object : Clock {
            var time: Instant = Instant.now()

            override fun now(): Instant = time
        }
        val wallet = Phone(clock = clock).create()
        suspend fun refused() = assertFailsWith<WalletException.GetCard> { wallet.reviewRequest(counter.ask(PURPOSE).link) }
        refused()
        val old = wallet.log().single()
        assertEquals(0u, wallet.deleteLogBefore(old.at), "what is from then stays")
        clock.time += Duration.ofSeconds(1)
        refused()
        assertEquals(1u, wallet.deleteLogBefore(old.at.plusMillis(1)))
        assertTrue(wallet.log().single().id > old.id)
    }

    @Test
    fun onlyOldEvidenceIsFetchedAnew() = runBlocking {
        val wallet = Phone().withLicence()
        assertEquals(0u, wallet.refreshOlderThan(Duration.ofDays(1)))
        assertEquals(1u, wallet.refreshOlderThan(Duration.ZERO))
        assertIs<CardState.Valid>(wallet.cards().single().state)
        assertEquals(emptyList(), wallet.unreadableCards())
    }

    @Test
    fun aWalletWhosePinIsForgottenCanBeErasedAndMadeAnew() = runBlocking {
        val phone = Phone()
        phone.withLicence().lock()
        assertFailsWith<WalletException.EnterPinAgain> { phone.open("246802") }
        phone.eraseLocked()
        assertFalse(phone.hasWallet())
        assertFailsWith<WalletException.CreateWallet> { phone.open() }
        phone.eraseLocked()
        assertEquals(emptyList(), phone.create("a longer phrase").cards())
    }
}
