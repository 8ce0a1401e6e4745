package huizheng.tests

import com.sun.net.httpserver.HttpServer
import huizheng.HolderKeyException
import huizheng.HttpClient
import huizheng.HttpException
import huizheng.HttpMethod
import huizheng.HttpRequest
import huizheng.KeyAlgorithm
import huizheng.device.Ecdsa
import huizheng.device.UrlConnectionHttpClient
import huizheng.jvm.JvmHttpClient
import huizheng.jvm.SoftwareBiometrics
import huizheng.jvm.SoftwareKeyStore
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.attribute.PosixFilePermissions
import java.security.KeyPairGenerator
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import kotlin.test.Test
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/** The device's parts by themselves, those for Android among them as far as a JVM can tell. */
class DeviceTest {
    private val folder = Files.createTempDirectory("huizheng-device")

    /** Two of some hundred signatures have an r or s of 31 bytes or fewer. */
    @Test
    fun signaturesInDerBecomeRaw() {
        val pair = KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }.generateKeyPair()
        for (round in 0 until 1000) {
            val message = "message $round".toByteArray()
            val der = Signature.getInstance("SHA256withECDSA").run { initSign(pair.private); update(message); sign() }
            val raw = Ecdsa.raw(der)
            assertEquals(64, raw.size)
            assertTrue(Signature.getInstance("SHA256withECDSAinP1363Format").run { initVerify(pair.public); update(message); verify(raw) })
            for (cut in 0 until der.size) assertFailsWith<IllegalArgumentException> { Ecdsa.raw(der.copyOf(cut)) }
        }
        assertEquals(65 to 4, Ecdsa.point(pair.public).let { it.size to it[0].toInt() })
    }

    @Test
    fun keysStayAndAreTheirOwnersAlone() = runBlocking {
        val file = folder.resolve("keys")
        val store = SoftwareKeyStore(file)
        val made = KeyAlgorithm.entries.map { store.generate(it) }
        assertEquals(listOf(65, 32), made.map { it.publicKey.size })
        val wrapped = store.wrap("a secret".toByteArray())
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))

        val again = SoftwareKeyStore(file)
        for (key in made) assertEquals(64, again.sign(key.handle, byteArrayOf(1)).size)
        assertContentEquals("a secret".toByteArray(), again.unwrap(wrapped))
        again.delete(made[0].handle)
        again.delete(made[0].handle)
        assertFailsWith<HolderKeyException.Gone> { again.sign(made[0].handle, byteArrayOf(1)) }
        assertFailsWith<HolderKeyException.Gone> { again.unwrap(wrapped.also { it[it.size - 1]++ }) }
        assertFailsWith<HolderKeyException.Gone> { SoftwareKeyStore(folder.resolve("another")).unwrap(wrapped) }
        Unit
    }

    @Test
    fun whatWasWrappedIsUnwrappedBeforeThereIsAKey() = runBlocking {
        val file = folder.resolve("none yet")
        val wrapped = SoftwareKeyStore(file).wrap("a secret".toByteArray())
        assertContentEquals("a secret".toByteArray(), SoftwareKeyStore(file).unwrap(wrapped))
    }

    @Test
    fun theStandInForASensorGuardsOneSecretAtATime() = runBlocking {
        val file = folder.resolve("finger")
        var isOwner = true
        val sensor = SoftwareBiometrics(file) { isOwner }
        assertFalse(sensor.isSwitchedOn())
        val first = sensor.protect("one".toByteArray())
        val second = sensor.protect("two".toByteArray())
        assertTrue(sensor.isSwitchedOn())
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        assertContentEquals("two".toByteArray(), SoftwareBiometrics(file) { true }.release(second))
        for (other in listOf(first, second.copyOf(12), ByteArray(0))) assertFailsWith<HolderKeyException.Gone> { sensor.release(other) }
        isOwner = false
        assertFailsWith<HolderKeyException.Declined> { sensor.release(second) }
        assertFailsWith<HolderKeyException.Declined> { sensor.protect("three".toByteArray()) }
        assertFalse(sensor.isSwitchedOn(), "it guards nothing")
        sensor.forget()
        sensor.forget()
        assertFalse(sensor.isSwitchedOn())
        assertFailsWith<HolderKeyException.Gone> { sensor.release(second) }
        Unit
    }

    @Test
    fun theJvmsNetworkFollowsNoRedirectAndStopsAtTheLimit() = network(JvmHttpClient())

    @Test
    fun androidsNetworkFollowsNoRedirectAndStopsAtTheLimit() = network(UrlConnectionHttpClient())

    private fun network(client: HttpClient) = runBlocking {
        val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        server.createContext("/away") { it.responseHeaders.add("location", "/long"); it.sendResponseHeaders(302, -1); it.close() }
        server.createContext("/long") { exchange ->
            exchange.sendResponseHeaders(200, 0)
            exchange.responseBody.use { out -> runCatching { repeat(1000) { out.write(ByteArray(1000)) } } }
        }
        val asked = CompletableDeferred<Unit>()
        server.createContext("/echo") { exchange -> exchange.requestBody.readAllBytes().let { exchange.sendResponseHeaders(200, it.size.toLong()); exchange.responseBody.write(it) }; exchange.close() }
        server.createContext("/never") { asked.complete(Unit) }
        server.start()
        try {
            fun get(path: String, limit: ULong) =
                HttpRequest(HttpMethod.GET, "http://127.0.0.1:${server.address.port}$path", emptyList(), ByteArray(0), limit)
            val away = client.send(get("/away", 100u))
            assertEquals(302.toUShort() to "/long", away.status to away.headers.single { it.name.equals("location", ignoreCase = true) }.value)
            assertEquals(1_000_000, client.send(get("/long", 1_000_000u)).body.size)
            assertFailsWith<HttpException.TooLarge> { client.send(get("/long", 999_999u)) }
            assertEquals(404.toUShort(), client.send(get("/nothing", 100u)).status)
            val posted = client.send(get("/echo", 100u).copy(method = HttpMethod.POST, body = byteArrayOf(1, 2, 3)))
            assertContentEquals(byteArrayOf(1, 2, 3), posted.body)
            val waiting = launch { client.send(get("/never", 100u)) }
            asked.await()
            waiting.cancelAndJoin()
        } finally {
            server.stop(0)
        }
        assertFailsWith<HttpException.Unreachable> { client.send(HttpRequest(HttpMethod.GET, "http://127.0.0.1:9/", emptyList(), ByteArray(0), 10u)) }
        Unit
    }
}
