package huizheng.app.model

import huizheng.Wallet
import huizheng.app.port.Documents
import huizheng.newBackupCode
import java.time.LocalDate
import kotlinx.coroutines.CoroutineScope

/** A backup: a code to write down, and then a file to keep somewhere else. */
class BackUp(scope: CoroutineScope, private val wallet: Wallet, private val documents: Documents) :
    Model<BackUp.State>(scope, State.Starting) {

    sealed interface State {
        data object Starting : State

        /** The code is to be written down, on paper. */
        data class Writing(val code: String) : State

        /** She copies the code from the paper: a backup whose code is wrong is none. */
        data class Checking(
            val code: String,
            val busy: Boolean = false,
            val differs: Boolean = false,
            val problem: Exception? = null,
        ) : State

        data object Saved : State

        data class Failed(val problem: Exception) : State
    }

    init {
        doing(State::Failed) { show(State.Writing(newBackupCode())) }
    }

    fun written() {
        (state.value as? State.Writing)?.let { show(State.Checking(it.code)) }
    }

    fun lookAgain() {
        (state.value as? State.Checking)?.let { show(State.Writing(it.code)) }
    }

    fun save(typed: String) {
        val checking = state.value as? State.Checking ?: return
        if (asBackupCode(typed) != checking.code) return show(checking.copy(differs = true, problem = null))
        doing({ checking.copy(differs = false, problem = it) }) {
            show(checking.copy(busy = true, differs = false, problem = null))
            val backup = offUi { wallet.backUp(checking.code) }
            val isSaved = documents.save("huizheng-${LocalDate.now()}.backup", backup)
            show(if (isSaved) State.Saved else checking.copy(differs = false, problem = null))
        }
    }
}

/** A backup's code, however its holder wrote and typed it: in groups of four. */
fun asBackupCode(typed: String): String = typed.filter(Char::isLetterOrDigit).uppercase().chunked(4).joinToString("-")
