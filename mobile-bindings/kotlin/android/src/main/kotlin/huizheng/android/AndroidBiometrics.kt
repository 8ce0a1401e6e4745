package huizheng.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import huizheng.Biometrics
import huizheng.HolderKeyException
import java.security.GeneralSecurityException
import java.security.InvalidAlgorithmParameterException
import java.security.KeyStore
import java.security.ProviderException
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec

/**
 * A secret that Android gives back to its owner's face or finger: an AES key in the Keystore, unlocked for one use by
 * `BiometricPrompt` with a `CryptoObject`, and destroyed when a face or finger is added.
 *
 * Nothing of this has run on a device: docs/device-checklist.md.
 *
 * @param authenticate shows `BiometricPrompt` for strong biometrics (`BIOMETRIC_STRONG`, no device credential) with this cipher
 *   as its `CryptoObject`, and gives the cipher of the result; none when the owner was not recognised or turned away
 */
class AndroidBiometrics(private val authenticate: suspend (Cipher) -> Cipher?) : Biometrics {
    private val store = KeyStore.getInstance(PROVIDER).apply { load(null) }

    /** Whether it guards a secret: whether an app has something to offer when it is locked. */
    fun isSwitchedOn(): Boolean = store.containsAlias(KEY)

    override suspend fun protect(secret: ByteArray): ByteArray = failing {
        try {
            val cipher = unlocked(Cipher.getInstance(GCM).apply { init(Cipher.ENCRYPT_MODE, makeKey()) }) // Keystore chooses the nonce
            cipher.iv + cipher.doFinal(secret)
        } catch (error: Exception) {
            store.deleteEntry(KEY) // it guards nothing
            throw error
        }
    }

    override suspend fun release(guarded: ByteArray): ByteArray = failing {
        val key = store.getKey(KEY, null) as SecretKey? ?: throw HolderKeyException.Gone()
        if (guarded.size <= NONCE_BYTES) throw HolderKeyException.Gone()
        val cipher = Cipher.getInstance(GCM).apply { init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(128, guarded, 0, NONCE_BYTES)) }
        unlocked(cipher).doFinal(guarded, NONCE_BYTES, guarded.size - NONCE_BYTES)
    }

    override suspend fun forget() = failing { store.deleteEntry(KEY) }

    private suspend fun unlocked(cipher: Cipher) = authenticate(cipher) ?: throw HolderKeyException.Declined()

    private fun makeKey(): SecretKey {
        val spec = KeyGenParameterSpec.Builder(KEY, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
            .setUserAuthenticationRequired(true) // for each use, by strong biometrics alone
            .setInvalidatedByBiometricEnrollment(true)
        return KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
            init(spec.build())
            generateKey()
        }
    }

    /** The platform's errors as the wallet knows them. */
    private suspend fun <T> failing(work: suspend () -> T): T = try {
        work()
    } catch (_: KeyPermanentlyInvalidatedException) {
        throw HolderKeyException.Gone()
    } catch (_: AEADBadTagException) {
        throw HolderKeyException.Gone()
    } catch (_: InvalidAlgorithmParameterException) {
        throw HolderKeyException.Unsupported() // nobody is enrolled
    } catch (_: GeneralSecurityException) {
        throw HolderKeyException.Failed()
    } catch (_: ProviderException) {
        throw HolderKeyException.Failed()
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val KEY = "huizheng.biometrics"
        const val GCM = "AES/GCM/NoPadding"
        const val NONCE_BYTES = 12
    }
}
