package huizheng.jvm

import huizheng.Biometrics
import huizheng.HolderKeyException
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.security.GeneralSecurityException
import java.security.SecureRandom
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.SecretKeySpec
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.withContext

/**
 * Stands in for a face or a finger on a desktop, which has no sensor: for trying things out. It recognises nobody, and its key is in a
 * file that whoever copies it has. A phone's is in hardware and works for its owner alone: see `AndroidBiometrics`.
 *
 * @param path its file, which only its owner can read; there while it is switched on
 * @param authenticate asks whether the owner would be recognised now
 */
class SoftwareBiometrics(private val path: Path, private val authenticate: suspend () -> Boolean) : Biometrics {
    private val random = SecureRandom()

    /** Whether it guards a secret: whether an app has something to offer when it is locked. */
    fun isSwitchedOn(): Boolean = Files.exists(path)

    override suspend fun protect(secret: ByteArray): ByteArray {
        // As on a phone, where the key is what the owner unlocks: it is there before she is asked.
        val key = random(KEY_BYTES)
        working { writeOwn(path) { it.write(key) } }
        try {
            recognise()
            val nonce = random(NONCE_BYTES)
            return working { nonce + cipher(Cipher.ENCRYPT_MODE, key, nonce).doFinal(secret) }
        } catch (error: Exception) {
            withContext(NonCancellable) { forget() } // it guards nothing
            throw error
        }
    }

    override suspend fun release(guarded: ByteArray): ByteArray {
        if (!isSwitchedOn() || guarded.size <= NONCE_BYTES) throw HolderKeyException.Gone()
        recognise()
        return working {
            val cipher = cipher(Cipher.DECRYPT_MODE, Files.readAllBytes(path), guarded.copyOf(NONCE_BYTES))
            cipher.doFinal(guarded, NONCE_BYTES, guarded.size - NONCE_BYTES)
        }
    }

    override suspend fun forget() {
        working { Files.deleteIfExists(path) }
    }

    private suspend fun recognise() {
        if (!authenticate()) throw HolderKeyException.Declined()
    }

    private fun cipher(mode: Int, key: ByteArray, nonce: ByteArray) =
        Cipher.getInstance("AES/GCM/NoPadding").apply { init(mode, SecretKeySpec(key, "AES"), GCMParameterSpec(128, nonce)) }

    private suspend fun <T> working(work: () -> T): T = withContext(Dispatchers.IO) {
        try {
            work()
        } catch (_: AEADBadTagException) {
            throw HolderKeyException.Gone()
        } catch (_: GeneralSecurityException) {
            throw HolderKeyException.Failed()
        } catch (_: IOException) {
            throw HolderKeyException.Failed()
        }
    }

    private fun random(size: Int) = ByteArray(size).also(random::nextBytes)

    private companion object {
        const val KEY_BYTES = 32
        const val NONCE_BYTES = 12
    }
}
