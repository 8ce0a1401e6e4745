package huizheng.jvm

import huizheng.HolderKey
import huizheng.HolderKeyException
import huizheng.HolderKeyStore
import huizheng.KeyAlgorithm
import huizheng.KeyProtection
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.security.GeneralSecurityException
import java.security.KeyFactory
import java.security.KeyPairGenerator
import java.security.PrivateKey
import java.security.SecureRandom
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.security.spec.PKCS8EncodedKeySpec
import java.util.Base64
import java.util.Properties
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * A key store in software, for trying things out on a desktop. It says so: whoever copies its file has the keys. A phone's
 * keeps them in hardware and never gives them out: see `AndroidKeyStore`.
 *
 * @param path its file, which only its owner can read; made when it is not there
 */
class SoftwareKeyStore(private val path: Path) : HolderKeyStore {
    private val random = SecureRandom()
    private val turn = Mutex()
    private val kept: Properties = Properties().apply {
        if (Files.exists(path)) Files.newInputStream(path).use(::load) else setProperty(SECRET, encode(random(SECRET_BYTES)))
    }

    override fun protection() = KeyProtection.SOFTWARE

    override suspend fun generate(algorithm: KeyAlgorithm): HolderKey = working {
        val pair = when (algorithm) {
            KeyAlgorithm.P256 -> KeyPairGenerator.getInstance("EC").apply { initialize(ECGenParameterSpec("secp256r1")) }
            KeyAlgorithm.ED25519 -> KeyPairGenerator.getInstance("Ed25519")
        }.generateKeyPair()
        // The point, uncompressed (P-256), or the 32 bytes (Ed25519): each is the end of the key's SPKI form.
        val public = pair.public.encoded.let { it.copyOfRange(it.size - (if (algorithm == KeyAlgorithm.P256) 65 else 32), it.size) }
        val handle = random(16).joinToString("") { "%02x".format(it) }
        kept.setProperty(handle, pair.private.algorithm + ":" + encode(pair.private.encoded))
        save()
        HolderKey(handle, public)
    }

    override suspend fun sign(handle: String, message: ByteArray): ByteArray = working {
        val key = find(handle)
        // P1363 is raw r ‖ s, 32 bytes each. "SHA256withECDSA" would give DER.
        val algorithm = if (key.algorithm == "EC") "SHA256withECDSAinP1363Format" else "Ed25519"
        Signature.getInstance(algorithm).run { initSign(key); update(message); sign() }
    }

    override suspend fun attest(keys: List<HolderKey>, nonce: String?): String {
        // Only a provider of wallets can say that keys are in a device, and this is none.
        throw HolderKeyException.Unsupported()
    }

    override suspend fun delete(handle: String) = working {
        if (kept.remove(handle) != null) save()
    }

    override suspend fun wrap(secret: ByteArray): ByteArray = working {
        if (!Files.exists(path)) save() // what nobody kept unwraps nothing
        val nonce = random(NONCE_BYTES)
        nonce + cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(secret)
    }

    override suspend fun unwrap(wrapped: ByteArray): ByteArray = working {
        if (wrapped.size <= NONCE_BYTES) throw HolderKeyException.Gone()
        try {
            cipher(Cipher.DECRYPT_MODE, wrapped.copyOf(NONCE_BYTES)).doFinal(wrapped, NONCE_BYTES, wrapped.size - NONCE_BYTES)
        } catch (_: AEADBadTagException) {
            throw HolderKeyException.Gone()
        }
    }

    private fun find(handle: String): PrivateKey {
        val (algorithm, key) = kept.getProperty(handle)?.split(':', limit = 2) ?: throw HolderKeyException.Gone()
        return KeyFactory.getInstance(algorithm).generatePrivate(PKCS8EncodedKeySpec(decode(key)))
    }

    private fun cipher(mode: Int, nonce: ByteArray) = Cipher.getInstance("AES/GCM/NoPadding").apply {
        init(mode, SecretKeySpec(decode(kept.getProperty(SECRET)), "AES"), GCMParameterSpec(128, nonce))
    }

    private fun save() = writeOwn(path) { kept.store(it, null) }

    /** Off the caller's thread, one at a time. */
    private suspend fun <T> working(work: () -> T): T = turn.withLock {
        withContext(Dispatchers.IO) {
            try {
                work()
            } catch (_: GeneralSecurityException) {
                throw HolderKeyException.Failed()
            } catch (_: IOException) {
                throw HolderKeyException.Failed()
            }
        }
    }

    private fun random(size: Int) = ByteArray(size).also(random::nextBytes)

    private companion object {
        const val SECRET = "secret"
        const val SECRET_BYTES = 32
        const val NONCE_BYTES = 12

        fun encode(bytes: ByteArray): String = Base64.getEncoder().encodeToString(bytes)

        fun decode(text: String): ByteArray = Base64.getDecoder().decode(text)
    }
}
