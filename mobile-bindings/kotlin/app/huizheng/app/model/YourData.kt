package huizheng.app.model

import huizheng.Wallet
import huizheng.app.port.Documents
import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope

/**
 * All that the wallet keeps about its holder: a copy for her (PIPL art. 45), or the end of it (art. 47).
 *
 * @param erased goes on once nothing is left
 */
class YourData(scope: CoroutineScope, private val wallet: Wallet, private val documents: Documents, private val erased: () -> Unit) :
    Model<YourData.State>(scope, State()) {

    /**
     * @param exported whether the copy is where she chose
     * @param sure whether she is asked if she means to delete it all
     */
    data class State(
        val exported: Boolean = false,
        val sure: Boolean = false,
        val busy: Boolean = false,
        val problem: Exception? = null,
    )

    /** In clear: what is in the file is hers to guard. */
    fun export() = doing({ State(problem = it) }) {
        show(State(busy = true))
        val everything = offUi(wallet::exportAll)
        show(State(exported = documents.save("huizheng-${LocalDate.now()}.json", everything.encodeToByteArray())))
    }

    fun askToErase() = show(State(sure = true))

    fun keep() = show(State())

    fun erase() = doing({ State(problem = it) }) {
        show(state.value.copy(busy = true))
        offUi(wallet::erase)
        erased()
    }
}
