package huizheng.tests

import huizheng.Biometrics
import huizheng.CancelHandle
import huizheng.Clock
import huizheng.HolderKeyException
import huizheng.HttpClient
import huizheng.HttpException
import huizheng.HttpRequest
import huizheng.HttpResponse
import huizheng.QrCollector
import huizheng.QrSeen
import huizheng.WalletException
import huizheng.WalletScreen
import huizheng.isProtected
import java.time.Duration
import java.time.Instant
import kotlin.test.Test
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope

private const val REFERENCE = "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fissuer.example%2Foffers%2F1"

/** Answers when the test says so, and notices when nobody waits any more. */
private class Slow : HttpClient {
    val asked = CompletableDeferred<Unit>()
    val answer = CompletableDeferred<Unit>()
    val givenUp = CompletableDeferred<Unit>()

    override suspend fun send(request: HttpRequest): HttpResponse {
        asked.complete(Unit)
        try {
            answer.await()
        } catch (error: CancellationException) {
            givenUp.complete(Unit)
            throw error
        }
        return HttpResponse(404u, emptyList(), ByteArray(0))
    }
}

/** What calls through the bindings promise beside their answers: they run together, and can be given up. */
class CallsTest {
    private val slow = Slow()
    private val phone = Phone(http = slow)

    @Test
    fun aCallThatWaitsHoldsUpNoOther() = runBlocking(Dispatchers.Default) {
        supervisorScope {
            val wallet = phone.create()
            val waiting = async { wallet.previewOffer(REFERENCE) }
            slow.asked.await()
            assertEquals(emptyList(), wallet.cards())
            assertFalse(waiting.isCompleted)
            slow.answer.complete(Unit)
            assertFailsWith<WalletException.GetNewOffer> { waiting.await() }
        }
        Unit
    }

    @Test
    fun aCancelledCoroutineEndsItsRequestAndLeavesTheWalletUsable() = runBlocking(Dispatchers.Default) {
        val wallet = phone.create()
        val waiting = launch { wallet.previewOffer(REFERENCE) }
        slow.asked.await()
        waiting.cancel()
        slow.givenUp.await()
        assertEquals(emptyList(), wallet.log())
    }

    @Test
    fun aCancelHandleEndsItsRequestAndLeavesTheWalletUsable() = runBlocking(Dispatchers.Default) {
        val wallet = phone.create()
        CancelHandle().use { handle ->
            supervisorScope {
                val waiting = async { wallet.until(handle).previewOffer(REFERENCE) }
                slow.asked.await()
                assertFalse(handle.isCancelled())
                handle.cancel()
                assertFailsWith<WalletException.Cancelled> { waiting.await() }
            }
            slow.givenUp.await()
            assertTrue(handle.isCancelled())
            // Nothing is begun with a handle that was cancelled; the wallet itself goes on.
            assertFailsWith<WalletException.Cancelled> { wallet.until(handle).present("none") }
        }
        assertFailsWith<WalletException.GetNewRequest> { wallet.present("none") }
        wallet.lock()
        assertFailsWith<WalletException.OpenWallet> { wallet.until(CancelHandle()).cards() }
        Unit
    }

    @Test
    fun twoWalletsAtOnce() = runBlocking(Dispatchers.Default) {
        val wallets = listOf(phone, Phone()).map { async { it.create() } }.awaitAll()
        assertEquals(listOf(0, 0), wallets.map { async { it.cards().size } }.awaitAll())
    }
}

/** What goes wrong, by the kind that says what can be done about it. Each kind's own mapping is tested in Rust. */
class ErrorsTest {
    @Test
    fun whatIsThrownByTheDeviceArrives() = runBlocking {
        fun failing(error: Exception) = object : HttpClient {
            override suspend fun send(request: HttpRequest): HttpResponse = throw error
        }
        suspend fun preview(error: Exception) = Phone(http = failing(error)).create().previewOffer(REFERENCE)
        assertFailsWith<WalletException.GoOnline> { preview(HttpException.Unreachable()) }
        assertFailsWith<WalletException.TryAgain> { preview(HttpException.TooLarge()) }
        assertFailsWith<WalletException.Cancelled> { preview(HttpException.Cancelled()) }
        assertFailsWith<WalletException.GoOnline> { preview(IllegalStateException("the app's own mistake")) }
        Unit
    }

    /** All kinds of hostile frames, made byte by byte, are in the Python tests: here, that each answer arrives and none is thrown. */
    @Test
    fun whatAHostileScreenShowsEndsInAnAnswer() = runBlocking {
        QrCollector().use { collector ->
            for (other in listOf("", "openid4vp://authorize?client_id=x")) assertIs<QrSeen.NotOurs>(collector.add(other))
            for (wrong in listOf("HZ1:", "HZ1:惠.", "HZ1:" + "0".repeat(5_000) + ".", "HZ1:" + "0".repeat(10_000_000), "HZ1:BB8A.")) {
                assertTrue(assertIs<QrSeen.Misread>(collector.add(wrong)).reason.isNotEmpty())
            }
        }
        val wallet = Phone(http = NoNetwork).create()
        for (message in listOf(ByteArray(0), byteArrayOf(1, 1), byteArrayOf(2, 1), ByteArray(65_536), ByteArray(65_536) { -1 })) {
            assertFailsWith<WalletException.GetNewRequest> { wallet.reviewOffline(message) }
        }
    }

    @Test
    fun aFingerOpensWhatThePinSwitchedOn() = runBlocking {
        val sensor = object : Biometrics {
            var isOwner = true

            override suspend fun protect(secret: ByteArray) = secret.reversedArray()

            override suspend fun release(guarded: ByteArray) = if (isOwner) guarded.reversedArray() else throw HolderKeyException.Declined()

            override suspend fun forget() = Unit
        }
        val phone = Phone(http = NoNetwork, biometrics = sensor)
        phone.create().run {
            enrolBiometrics(PIN)
            assertTrue(hasBiometrics())
            lock()
        }
        phone.openByBiometrics(sensor).lock()
        sensor.isOwner = false
        assertFailsWith<WalletException.Cancelled> { phone.openByBiometrics(sensor) }
        phone.open().run {
            forgetBiometrics()
            lock()
        }
        assertFailsWith<WalletException.UseAnotherWay> { phone.openByBiometrics(sensor) }
        assertTrue(isProtected(WalletScreen.CONSENT) && !isProtected(WalletScreen.SCAN))
    }

    @Test
    fun wrongPinsAreCountedAndDelayed() = runBlocking {
        val clock = object : Clock {
            var time: Instant = Instant.now()

            override fun now(): Instant = time
        }
        val phone = Phone(clock = clock)
        assertFailsWith<WalletException.CreateWallet> { phone.open() }
        assertFailsWith<WalletException.ChooseAnotherPin> { phone.create("111111") }
        phone.create().lock()
        assertFailsWith<WalletException.OpenWallet> { phone.create() }
        val wrong = (1..3).map { assertFailsWith<WalletException.EnterPinAgain> { phone.open("246802") } }
        assertEquals(listOf(1u, 2u, 3u), wrong.map { it.failed })
        assertEquals(listOf(0L, 0L, 30L), wrong.map { it.wait.seconds })
        assertTrue(assertFailsWith<WalletException.WaitForPin> { phone.open() }.wait in Duration.ofSeconds(1)..Duration.ofSeconds(30))
        clock.time += Duration.ofSeconds(30)
        phone.open().lock()
    }
}
