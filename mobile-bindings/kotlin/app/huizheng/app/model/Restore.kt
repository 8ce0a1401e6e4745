package huizheng.app.model

import huizheng.RestoredWallet
import huizheng.Wallet
import huizheng.app.Home
import huizheng.app.port.Documents
import kotlinx.coroutines.CoroutineScope

/** A wallet of a backup, on a new phone, with a PIN of its own. */
class Restore(
    scope: CoroutineScope,
    private val home: Home,
    private val documents: Documents,
    private val restored: (Wallet) -> Unit,
) : Model<Restore.State>(scope, State.Choosing()) {

    sealed interface State {
        data class Choosing(val problem: Exception? = null) : State

        /** @param differ whether the two PINs were not the same */
        class Entering(
            val backup: ByteArray,
            val busy: Boolean = false,
            val differ: Boolean = false,
            val problem: Exception? = null,
        ) : State

        /** Everything that was in the backup: what is there again, and what its issuers must give anew. */
        class Restored(val wallet: RestoredWallet) : State
    }

    /** A file, or another one. */
    fun choose() = doing({ State.Choosing(it) }) { documents.open()?.let { show(State.Entering(it)) } }

    fun restore(code: String, pin: String, again: String) {
        val backup = (state.value as? State.Entering)?.backup ?: return
        if (pin != again) return show(State.Entering(backup, differ = true))
        doing({ State.Entering(backup, problem = it) }) {
            show(State.Entering(backup, busy = true))
            val made = home.restore(backup, asBackupCode(code), pin)
            restored(made.wallet)
            show(State.Restored(made))
        }
    }
}
