package huizheng.app.swing

import huizheng.LogEntry
import huizheng.LogEvent
import huizheng.PresentationOutcome
import huizheng.app.model.History
import huizheng.app.text.line

fun log(stage: Stage, history: History, state: History.State) = Screen(stage, stage.words.log, tab = Tab.LOG) {
    problem(state.problem)
    val entries = state.entries ?: return@Screen
    if (entries.isEmpty() && state.text.isEmpty()) {
        space(72)
        add(Mark(Sign.LOG, 88, look.brand, look.brandSoft))
        title(words.logEmpty, centred = true)
        add(Words(words.logEmptyTodo, Type.body, look.quiet, centred = true))
        return@Screen
    }
    quiet(words.logLead)
    val wanted = Line(words.searchLog, look, history::search).apply { text = state.text }
    add(
        Column(6).apply {
            +Words(words.searchLog, Type.strong, look.ink)
            +Words(words.searchHint, Type.small, look.quiet)
            +wanted
        },
    )
    if (state.text.isNotEmpty()) {
        if (entries.isEmpty()) notice(words.nothingFound(state.text), null, Sign.ASK, look.still)
        add(press(words.allEntries, Weight.QUIET) { history.search("") })
    }
    for (entry in entries) add(entry(entry))
    if (state.more) add(press(words.older, Weight.EVEN) { history.more() })
}

private fun Parts.entry(entry: LogEntry): Surface {
    val (sign, tone) = sign(entry.event)
    val said = Column(4).apply {
        +Words(words.line(entry.event), Type.strong, look.ink)
        names(entry.event)?.let { +Words(it, Type.body, look.quiet) }
        +Words(words.moment(entry.at), Type.small, look.quiet)
    }
    return Surface(look.surface, look.line, padding = 14).apply { +Beside(Mark(sign, 36, tone.strong, tone.soft), said) }
}

private fun Parts.sign(event: LogEvent): Pair<Sign, Tone> = when (event) {
    is LogEvent.Received -> Sign.CARDS to look.good
    is LogEvent.Presented -> if (event.outcome is PresentationOutcome.Delivered) Sign.LEAVES to look.good else Sign.WARN to look.unsure
    is LogEvent.Declined -> Sign.CROSS to look.still
    is LogEvent.Refused -> Sign.REFUSED to look.bad
    is LogEvent.Deleted -> Sign.CROSS to look.still
}

/** What it was about: names of claims, never their values. */
private fun Parts.names(event: LogEvent): String? = when (event) {
    is LogEvent.Presented -> event.shared.joinToString(words.and) { shared -> shared.labels.joinToString(words.and, transform = words::of) }
    is LogEvent.Declined -> words.of(event.asked.purposeName)
    is LogEvent.Received -> words.of(event.issuerName)
    is LogEvent.Deleted -> words.of(event.issuerName)
    is LogEvent.Refused -> words.tooMuch.takeIf { event.code == "asks-too-much" }
}
