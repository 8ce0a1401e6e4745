package huizheng.app

import huizheng.HolderKeyStore
import huizheng.HttpClient
import huizheng.RecoveredWallet
import huizheng.RestoredWallet
import huizheng.Wallet
import huizheng.WalletConfig
import huizheng.app.port.Finger
import huizheng.recoverWallet
import huizheng.restoreWallet
import huizheng.walletExists
import java.io.File
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
) {
    val protection get() = keys.protection()
    val hasFinger get() = finger != null

    /** A damaged wallet as it was, beside the one that was made of it: encrypted, and with the same PIN. */
    private val damaged = File("$folder-damaged")

    /** Whether a face or a finger opens the wallet, as far as can be told while it is locked. */
    suspend fun opensByFinger(): Boolean = withContext(Dispatchers.IO) { finger != null && finger.isSwitchedOn() }

    suspend fun hasWallet(): Boolean = withContext(Dispatchers.IO) { walletExists(folder) }

    suspend fun create(pin: String): Wallet =
        withContext(Dispatchers.IO) { Wallet.create(folder, pin, config, keys, http, biometrics = finger?.port) }

    suspend fun open(pin: String): Wallet =
        withContext(Dispatchers.IO) { Wallet.open(folder, pin, config, keys, http, biometrics = finger?.port) }

    /** For who [opensByFinger]. */
    suspend fun openByFinger(): Wallet = withContext(Dispatchers.IO) {
        Wallet.openByBiometrics(folder, config, keys, http, checkNotNull(finger) { "the device has none" }.port)
    }

    /** A damaged wallet gives way to the one of the backup, once that is there. */
    suspend fun restore(backup: ByteArray, code: String, pin: String): RestoredWallet = withContext(Dispatchers.IO) {
        val isDamaged = walletExists(folder)
        if (isDamaged) putAside()
        try {
            restoreWallet(folder, pin, config, keys, http, backup, code, biometrics = finger?.port)
        } catch (error: Exception) {
            if (isDamaged) damaged.renameTo(File(folder))
            throw error
        }
    }

    /** A damaged wallet, with what of it can be read. What can't is removed from it, and stays in a copy beside it. */
    suspend fun recover(pin: String): RecoveredWallet = withContext(Dispatchers.IO) {
        damaged.deleteRecursively()
        File(folder).copyRecursively(damaged)
        recoverWallet(folder, pin, config, keys, http, biometrics = finger?.port)
    }

    /** What is left beside a wallet that was erased. */
    suspend fun clear() = withContext(Dispatchers.IO) {
        damaged.deleteRecursively()
        Unit
    }

    private fun putAside() {
        damaged.deleteRecursively()
        File(folder).renameTo(damaged)
    }
}
