package huizheng.android

import android.app.KeyguardManager
import android.content.Context
import android.content.pm.PackageManager
import android.os.Build
import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyPermanentlyInvalidatedException
import android.security.keystore.KeyProperties
import android.security.keystore.StrongBoxUnavailableException
import android.security.keystore.UserNotAuthenticatedException
import huizheng.HolderKey
import huizheng.HolderKeyException
import huizheng.HolderKeyStore
import huizheng.KeyAlgorithm
import huizheng.KeyProtection
import huizheng.device.Ecdsa
import java.security.GeneralSecurityException
import java.security.KeyPairGenerator
import java.security.KeyStore
import java.security.PrivateKey
import java.security.ProviderException
import java.security.Signature
import java.security.spec.ECGenParameterSpec
import java.util.UUID
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.KeyGenerator
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactory
import javax.crypto.spec.GCMParameterSpec
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * Keys in Android's Keystore: in StrongBox where there is one, else in the trusted environment.
 *
 * Nothing of this has run on a device: docs/device-checklist.md.
 *
 * @param unlock shows the system's prompt (`BiometricPrompt`, biometrics or the screen lock) and says whether the holder
 *   unlocked; called on no certain thread
 */
class AndroidKeyStore(context: Context, private val unlock: suspend () -> Boolean) : HolderKeyStore {
    private val strongBox = context.packageManager.hasSystemFeature(PackageManager.FEATURE_STRONGBOX_KEYSTORE)
    private val keyguard = context.getSystemService(KeyguardManager::class.java)
    private val store = KeyStore.getInstance(PROVIDER).apply { load(null) }
    private val turn = Mutex()

    /**
     * Whether the device has a screen lock. Without one it makes no key for a card, and whoever removes it loses those that were made: to be
     * asked before a wallet is begun.
     */
    fun hasScreenLock(): Boolean = keyguard.isDeviceSecure

    override fun protection(): KeyProtection = try {
        if (isHardware(wrappingKeyOrNew())) KeyProtection.HARDWARE else KeyProtection.SOFTWARE
    } catch (_: GeneralSecurityException) {
        KeyProtection.SOFTWARE // must not throw, and promises nothing that is not known
    } catch (_: ProviderException) {
        KeyProtection.SOFTWARE
    }

    override suspend fun generate(algorithm: KeyAlgorithm): HolderKey = working {
        if (algorithm != KeyAlgorithm.P256) throw HolderKeyException.Unsupported()
        val handle = UUID.randomUUID().toString()
        val pair = withStrongBox { inStrongBox ->
            val spec = KeyGenParameterSpec.Builder(PREFIX + handle, KeyProperties.PURPOSE_SIGN)
                .setAlgorithmParameterSpec(ECGenParameterSpec("secp256r1"))
                .setDigests(KeyProperties.DIGEST_SHA256)
                .setIsStrongBoxBacked(inStrongBox)
                .setUserAuthenticationRequired(true)
            // One unlocking serves what one tap of the holder begins: several copies of a card, each with a key of its own.
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                val by = KeyProperties.AUTH_BIOMETRIC_STRONG or KeyProperties.AUTH_DEVICE_CREDENTIAL
                spec.setUserAuthenticationParameters(UNLOCKED_SECONDS, by)
            } else {
                @Suppress("DEPRECATION") // its successor came with Android 11
                spec.setUserAuthenticationValidityDurationSeconds(UNLOCKED_SECONDS)
            }
            KeyPairGenerator.getInstance(KeyProperties.KEY_ALGORITHM_EC, PROVIDER).run {
                initialize(spec.build())
                generateKeyPair()
            }
        }
        HolderKey(handle, Ecdsa.point(pair.public))
    }

    override suspend fun sign(handle: String, message: ByteArray): ByteArray = try {
        working { signature(handle, message) }
    } catch (_: UserNotAuthenticatedException) {
        if (!unlock()) throw HolderKeyException.Declined()
        try {
            working { signature(handle, message) }
        } catch (_: UserNotAuthenticatedException) {
            throw HolderKeyException.Declined()
        }
    }

    private fun signature(handle: String, message: ByteArray): ByteArray {
        val key = store.getKey(PREFIX + handle, null) as PrivateKey? ?: throw HolderKeyException.Gone()
        val der = Signature.getInstance("SHA256withECDSA").run { initSign(key); update(message); sign() }
        return Ecdsa.raw(der)
    }

    override suspend fun attest(keys: List<HolderKey>, nonce: String?): String {
        // An app with a provider asks it here, with Key Attestation's or Play Integrity's evidence.
        throw HolderKeyException.Unsupported()
    }

    override suspend fun delete(handle: String) = working { store.deleteEntry(PREFIX + handle) }

    override suspend fun wrap(secret: ByteArray): ByteArray = working {
        val cipher = Cipher.getInstance(GCM).apply { init(Cipher.ENCRYPT_MODE, wrappingKeyOrNew()) } // Keystore chooses the nonce
        cipher.iv + cipher.doFinal(secret)
    }

    override suspend fun unwrap(wrapped: ByteArray): ByteArray = working {
        val key = wrappingKey() ?: throw HolderKeyException.Gone()
        if (wrapped.size <= NONCE_BYTES) throw HolderKeyException.Gone()
        val nonce = GCMParameterSpec(128, wrapped, 0, NONCE_BYTES)
        Cipher.getInstance(GCM).run {
            init(Cipher.DECRYPT_MODE, key, nonce)
            doFinal(wrapped, NONCE_BYTES, wrapped.size - NONCE_BYTES)
        }
    }

    private fun wrappingKey() = store.getKey(WRAPPING, null) as SecretKey?

    /** One at a time: a second key of this name would take the place of the first, and what that wrapped would be lost. */
    @Synchronized
    private fun wrappingKeyOrNew(): SecretKey = wrappingKey() ?: makeWrappingKey()

    /** Without the holder's unlocking: her PIN is asked for as well. */
    private fun makeWrappingKey(): SecretKey = withStrongBox { inStrongBox ->
        val spec = KeyGenParameterSpec.Builder(WRAPPING, KeyProperties.PURPOSE_ENCRYPT or KeyProperties.PURPOSE_DECRYPT)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
            .setKeySize(256)
            .setIsStrongBoxBacked(inStrongBox)
        // In Android 12 to 14 such a key can't be made or used without a screen lock, goes with it, and stays shut after an unlocking by a weak
        // face or a trust agent.
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.VANILLA_ICE_CREAM) spec.setUnlockedDeviceRequired(true)
        KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, PROVIDER).run {
            init(spec.build())
            generateKey()
        }
    }

    /** In StrongBox, or, where it has no room or does not do this, in the trusted environment. */
    private fun <K> withStrongBox(make: (Boolean) -> K): K = if (!strongBox) make(false) else try {
        make(true)
    } catch (_: StrongBoxUnavailableException) {
        make(false)
    }

    private fun isHardware(key: SecretKey): Boolean {
        val info = SecretKeyFactory.getInstance(key.algorithm, PROVIDER).getKeySpec(key, KeyInfo::class.java) as KeyInfo
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) {
            @Suppress("DEPRECATION") // its successor came with Android 12
            return info.isInsideSecureHardware
        }
        return info.securityLevel == KeyProperties.SECURITY_LEVEL_STRONGBOX ||
            info.securityLevel == KeyProperties.SECURITY_LEVEL_TRUSTED_ENVIRONMENT
    }

    /** Off the caller's thread, one at a time, with the platform's errors as the wallet knows them. */
    private suspend fun <T> working(work: () -> T): T = turn.withLock {
        withContext(Dispatchers.IO) {
            try {
                work()
            } catch (error: UserNotAuthenticatedException) {
                throw error
            } catch (_: KeyPermanentlyInvalidatedException) {
                throw HolderKeyException.Gone()
            } catch (_: AEADBadTagException) {
                throw HolderKeyException.Gone()
            } catch (_: GeneralSecurityException) {
                throw HolderKeyException.Failed()
            } catch (_: ProviderException) {
                throw HolderKeyException.Failed()
            }
        }
    }

    private companion object {
        const val PROVIDER = "AndroidKeyStore"
        const val PREFIX = "huizheng.holder."
        const val WRAPPING = "huizheng.wrapping"
        const val GCM = "AES/GCM/NoPadding"
        const val NONCE_BYTES = 12
        const val UNLOCKED_SECONDS = 30
    }
}
