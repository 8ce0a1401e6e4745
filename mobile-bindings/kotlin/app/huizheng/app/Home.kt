package huizheng.app

import huizheng.HolderKeyException
import huizheng.HolderKeyStore
import huizheng.HttpClient
import huizheng.KeyProtection
import huizheng.RecoveredWallet
import huizheng.RestoredWallet
import huizheng.Wallet
import huizheng.WalletConfig
import huizheng.app.port.Finger
import huizheng.app.port.ScreenLock
import huizheng.eraseLockedWallet
import huizheng.recoverWallet
import huizheng.restoreWallet
import huizheng.walletExists
import java.io.File
import java.io.IOException
import java.nio.file.Files
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Where the wallet lives on this device, and what its app was shipped with.
 *
 * @param folder the wallet's own: on Android, in `noBackupFilesDir`
 * @param finger none where the device has none, and the PIN is alone
 */
class Home(
    private val folder: String,
    private val config: WalletConfig,
    private val keys: HolderKeyStore,
    private val http: HttpClient,
    private val finger: Finger? = null,
    private val screenLock: ScreenLock = ScreenLock { true },
) {
    val hasFinger get() = finger != null
    private val here = File(folder)

    /** A damaged wallet as it was, beside the one that was made of it: encrypted, and with the same PIN. */
    private val damaged = File("$folder-damaged")

    /** The copy of one while it is being made: the disk may have no room for it. */
    private val copying = File("$folder-damaged.new")

    /** How well keys are kept. Android may make one to find out. */
    suspend fun protection(): KeyProtection = withContext(Dispatchers.IO) { keys.protection() }

    suspend fun hasScreenLock(): Boolean = withContext(Dispatchers.IO) { screenLock.isSet() }

    /** Whether a face or a finger opens the wallet, as far as can be told while it is locked. */
    suspend fun opensByFinger(): Boolean = withContext(Dispatchers.IO) { finger != null && finger.isSwitchedOn() }

    suspend fun hasWallet(): Boolean = withContext(Dispatchers.IO) { walletExists(folder) }

    suspend fun create(pin: String): Wallet = withContext(Dispatchers.IO) {
        Wallet.create(folder, pin, config, keys, http, biometrics = finger?.port).also { forgetFinger() }
    }

    suspend fun open(pin: String): Wallet =
        withContext(Dispatchers.IO) { Wallet.open(folder, pin, config, keys, http, biometrics = finger?.port) }

    /** For who [opensByFinger]. */
    suspend fun openByFinger(): Wallet = withContext(Dispatchers.IO) {
        Wallet.openByBiometrics(folder, config, keys, http, checkNotNull(finger) { "the device has none" }.port)
    }

    /** A damaged wallet gives way to the one of the backup, once that is there. */
    suspend fun restore(backup: ByteArray, code: String, pin: String): RestoredWallet = withContext(Dispatchers.IO) {
        val isDamaged = walletExists(folder)
        if (isDamaged) here.replaces(damaged)
        try {
            restoreWallet(folder, pin, config, keys, http, backup, code, biometrics = finger?.port)
        } catch (error: Exception) {
            if (isDamaged) damaged.replaces(here)
            throw error
        }.also { forgetFinger() }
    }

    /** A damaged wallet, with what of it can be read. What can't is removed from it, and stays in a copy beside it. */
    suspend fun recover(pin: String): RecoveredWallet = withContext(Dispatchers.IO) {
        copying.deleteRecursively()
        try {
            here.copyRecursively(copying)
        } catch (error: IOException) {
            copying.deleteRecursively()
            throw error
        }
        copying.replaces(damaged)
        recoverWallet(folder, pin, config, keys, http, biometrics = finger?.port)
    }

    /** The end of a wallet whose PIN nobody knows. */
    suspend fun eraseLocked() = withContext(Dispatchers.IO) {
        eraseLockedWallet(folder)
        forgetFinger()
    }

    /** What is left beside a wallet that was erased. */
    suspend fun clear() = withContext(Dispatchers.IO) {
        damaged.deleteRecursively()
        copying.deleteRecursively()
        Unit
    }

    /** What opened the wallet before opens no other: nobody is asked for a face or a finger in vain. */
    private suspend fun forgetFinger() = try {
        finger?.port?.forget()
    } catch (_: HolderKeyException) {
        // Who is asked in vain after all is asked for her PIN next.
    }
}

/** Takes another folder's place, or says by an `IOException` that it does not. */
private fun File.replaces(other: File) {
    other.deleteRecursively()
    Files.move(toPath(), other.toPath())
}
