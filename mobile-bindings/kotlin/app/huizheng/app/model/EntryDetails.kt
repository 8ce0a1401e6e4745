package huizheng.app.model

import huizheng.LogEntry
import huizheng.Wallet
import kotlinx.coroutines.CoroutineScope

/** One entry of the log: complained from, or deleted. */
class EntryDetails(scope: CoroutineScope, private val wallet: Wallet, entry: LogEntry, private val gone: () -> Unit) :
    Model<EntryDetails.State>(scope, State(entry)) {

    /**
     * @param canComplain whether there is somebody to complain about
     * @param sure whether the holder is asked if she means to delete it
     */
    data class State(
        val entry: LogEntry,
        val canComplain: Boolean = false,
        val sure: Boolean = false,
        val problem: Exception? = null,
    )

    init {
        doing(::failed) { show(state.value.copy(canComplain = offUi { wallet.draftComplaint(entry.id) } != null)) }
    }

    fun askToDelete() = show(state.value.copy(sure = true))

    fun keep() = show(state.value.copy(sure = false))

    fun delete() = doing(::failed) {
        offUi { wallet.deleteLogEntry(state.value.entry.id) }
        gone()
    }

    private fun failed(error: Exception) = state.value.copy(problem = error)
}
