package huizheng.app.swing

import huizheng.Asked
import huizheng.LogEntry
import huizheng.LogEvent
import huizheng.app.model.Complain
import huizheng.app.model.EntryDetails
import huizheng.app.text.word
import javax.swing.JComponent

fun oneEntry(stage: Stage, model: EntryDetails, state: EntryDetails.State) = Screen(stage, stage.words.log, back = stage.app::log, tab = Tab.LOG) {
    add(entry(state.entry))
    known(state.entry).takeIf { it.isNotEmpty() }?.let(::facts)
    problem(state.problem)
    if (state.canComplain) {
        add(press(words.complain, Weight.EVEN, Sign.LETTER) { stage.app.complain(state.entry) })
        add(Words(words.complainMeans, Type.small, look.quiet, centred = true))
    }
    if (state.sure) {
        sure(words.deleteEntrySure, words.deleteEntryMeans, words.keep, words.deleteEntry, true, model::keep, model::delete)
    } else {
        add(press(words.deleteEntry, Weight.QUIET) { model.askToDelete() })
    }
}

/** What is known of it beside the line that it has in the list: names of claims, never their values. */
private fun Parts.known(entry: LogEntry): List<Pair<String, JComponent>> = when (val event = entry.event) {
    is LogEvent.Presented -> asked(event.asked) + event.shared.map { shared ->
        words.whatLeft(words.of(shared.label)) to value(shared.labels.joinToString(words.and, transform = words::of))
    }
    is LogEvent.Declined -> asked(event.asked)
    is LogEvent.Refused -> listOf(words.itsAddress to value(event.clientId)) +
        event.claims.takeIf { it.isNotEmpty() }?.let { listOf(words.tooMuchOf to value(it.joinToString(words.and))) }.orEmpty()
    is LogEvent.Received -> listOf(words.itsAddress to value(event.issuer))
    is LogEvent.Deleted -> emptyList()
}

private fun Parts.asked(asked: Asked) = listOf(
    words.purpose to value(words.of(asked.purposeName)),
    words.basis to value(words.word(asked.legalBasis)),
    words.kept to value(words.keptFor(asked.retentionDays)),
    words.itsAddress to value(asked.verifier),
)

/** A letter that she fills in herself. Nothing of it leaves the phone by itself. */
fun complaining(stage: Stage, model: Complain, state: Complain.State) =
    Screen(stage, stage.words.complain, back = { stage.app.entry(model.entry) }) {
        quiet(words.complaintLead)
        problem(state.problem)
        val draft = state.draft ?: return@Screen
        if (state.saved) notice(words.complaintSaved, null, Sign.TICK, look.good)
        val letter = Area(words.letter, look).apply {
            text = state.letter ?: "${words.of(draft.subject)}\n\n${words.of(draft.body)}"
            caretPosition = 0 // it is read from the top
        }
        field(words.letter, letter)
        bottom.add(press(words.saveLetter) { model.save(letter.text) })
    }
