package huizheng.tests

import huizheng.Card
import huizheng.CardColours
import huizheng.CardState
import huizheng.CredentialFormat
import huizheng.LastKnownState
import huizheng.LocalText
import huizheng.OfferedCredential
import huizheng.WaitedFor
import huizheng.app.model.Cards
import huizheng.app.model.Link
import huizheng.app.model.checked
import huizheng.app.model.runsOut
import huizheng.app.text.Chinese
import huizheng.app.text.English
import huizheng.app.text.ago
import java.time.Duration
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertNull
import kotlin.test.assertTrue

/** What the models make of what they are given, with no window and no wallet. */
class ModelsTest {
    private val now: Instant = Instant.parse("2026-03-02T04:00:00Z")
    private val label = LocalText("营业执照", "Business licence")
    private val card = Card(
        "1", "business-licence", label, CardColours("#000000", "#000000", "#ffffff"), 1u, "did:web:a", LocalText("甲", "A"),
        "合肥徽光软件有限公司", listOf(CredentialFormat.SD_JWT_VC), now, null, CardState.Valid(now), emptyList(),
    )

    private fun until(days: Long, state: CardState = card.state) = card.copy(validUntil = now + Duration.ofDays(days), state = state)

    @Test
    fun aCardRunsOutSixtyDaysBefore() {
        assertTrue(until(59).runsOut(now))
        assertFalse(until(60).runsOut(now))
        assertFalse(card.runsOut(now), "it has no end")
        assertFalse(until(1, CardState.Revoked(now)).runsOut(now), "it is over already")
        assertFalse(until(1, CardState.Damaged).runsOut(now), "it can't be renewed")
        assertTrue(until(1, CardState.Unknown(null)).runsOut(now))
    }

    @Test
    fun whatIsKnownOfAllIsAsOldAsTheOldest() {
        val (older, none) = now - Duration.ofHours(5) to card.copy(state = CardState.Unknown(null))
        val stale = card.copy(state = CardState.Unknown(LastKnownState(suspended = false, asOf = older)))
        assertEquals(older, listOf(card, stale, none).checked)
        assertNull(listOf(none).checked)
    }

    @Test
    fun anIssuerIsAskedWhenItWantsToBe() {
        fun waited(after: Instant?) = WaitedFor(
            "1", "https://a.example/", "a.example", null, OfferedCredential("b", "business-licence", label, CredentialFormat.SD_JWT_VC), after,
        )
        val state = Cards.State(now = now)
        assertTrue(state.isDue(waited(null)) && state.isDue(waited(now)))
        assertFalse(state.isDue(waited(now.plusMillis(1))))
    }

    @Test
    fun linksAreToldApart() {
        assertIs<Link.Offer>(Link.of("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa.example"))
        assertIs<Link.Request>(Link.of("OPENID4VP://authorize?client_id=a"))
        assertIs<Link.LoggedIn>(Link.of("cn.huizheng.wallet:/authorized?code=a&state=b"))
        for (strange in listOf("", "hello", "https://a.example", "javascript:alert(1)")) assertNull(Link.of(strange), strange)
    }

    @Test
    fun agesAreSaidInTheLargestUnitThatFits() {
        fun said(seconds: Long) = (now - Duration.ofSeconds(seconds)).let { Chinese.ago(it, now) to English.ago(it, now) }
        assertEquals("刚刚" to "just now", said(59))
        assertEquals("1 分钟前" to "1 minute ago", said(60))
        assertEquals("59 分钟前" to "59 minutes ago", said(3599))
        assertEquals("1 小时前" to "1 hour ago", said(3600))
        assertEquals("2 天前" to "2 days ago", said(2 * 86_400))
        assertEquals("刚刚" to "just now", said(-5), "clocks differ a little")
    }
}
