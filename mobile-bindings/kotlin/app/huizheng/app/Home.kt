package huizheng.app

import huizheng.HolderKeyStore
import huizheng.HttpClient
import huizheng.RestoredWallet
import huizheng.Wallet
import huizheng.WalletConfig
import huizheng.restoreWallet
import huizheng.walletExists
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * Where the wallet lives on this device, and what its app was shipped with.
 *
 * @param folder the wallet's own: on Android, in `noBackupFilesDir`
 */
class Home(
    private val folder: String,
    private val config: WalletConfig,
    private val keys: HolderKeyStore,
    private val http: HttpClient,
) {
    val protection get() = keys.protection()

    suspend fun hasWallet(): Boolean = withContext(Dispatchers.IO) { walletExists(folder) }

    suspend fun create(pin: String): Wallet = withContext(Dispatchers.IO) { Wallet.create(folder, pin, config, keys, http) }

    suspend fun open(pin: String): Wallet = withContext(Dispatchers.IO) { Wallet.open(folder, pin, config, keys, http) }

    suspend fun restore(backup: ByteArray, code: String, pin: String): RestoredWallet =
        withContext(Dispatchers.IO) { restoreWallet(folder, pin, config, keys, http, backup, code) }
}
