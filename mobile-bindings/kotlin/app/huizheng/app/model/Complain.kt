package huizheng.app.model

import huizheng.ComplaintDraft
import huizheng.LogEntry
import huizheng.Wallet
import huizheng.app.port.Documents
import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope

/** A letter to the regulator, drafted from an entry of the log: the holder fills it in and keeps it. Nothing is sent. */
class Complain(scope: CoroutineScope, wallet: Wallet, val entry: LogEntry, private val documents: Documents) :
    Model<Complain.State>(scope, State()) {

    /**
     * @param draft none while it is being drafted
     * @param letter what she has made of it; none while it is as it was drafted
     * @param saved whether it is where she chose
     */
    data class State(
        val draft: ComplaintDraft? = null,
        val letter: String? = null,
        val saved: Boolean = false,
        val problem: Exception? = null,
    )

    init {
        doing({ State(problem = it) }) { show(State(offUi { wallet.draftComplaint(entry.id) })) }
    }

    /** As she has filled it in. */
    fun save(letter: String) = doing({ state.value.copy(problem = it) }) {
        val isSaved = documents.save("huizheng-${LocalDate.now()}.txt", letter.encodeToByteArray())
        show(state.value.copy(letter = letter, saved = isSaved))
    }
}
