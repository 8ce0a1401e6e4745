package huizheng.app.swing

import huizheng.LogEntry
import huizheng.LogEvent
import huizheng.PresentationOutcome
import huizheng.app.model.History
import huizheng.app.text.about
import huizheng.app.text.line
import java.awt.Cursor
import java.awt.Graphics
import javax.swing.JButton

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
    field(words.searchLog, Line(words.searchLog, look, history::search).apply { text = state.text }, words.searchHint)
    if (state.text.isNotEmpty()) {
        if (entries.isEmpty()) notice(words.nothingFound(state.text), null, Sign.ASK, look.still)
        add(press(words.allEntries, Weight.QUIET) { history.search("") })
    }
    for (entry in entries) add(Pressed("${words.line(entry.event)}, ${words.moment(entry.at)}", entry(entry), look) { stage.app.entry(entry) })
    if (state.more) add(press(words.older, Weight.EVEN) { history.more() })
}

/** An entry: what happened, about what, and when. */
fun Parts.entry(entry: LogEntry): Surface {
    val (sign, tone) = sign(entry.event)
    val said = Column(4).apply {
        +Words(words.line(entry.event), Type.strong, look.ink)
        words.about(entry.event)?.let { +Words(it, Type.body, look.quiet) }
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

/** What it shows, as a whole to be pressed. */
private class Pressed(name: String, private val shown: Surface, private val look: Look, action: () -> Unit) : JButton(), Fluid {
    init {
        layout = null
        add(shown)
        isContentAreaFilled = false
        isBorderPainted = false
        isFocusPainted = false
        cursor = Cursor.getPredefinedCursor(Cursor.HAND_CURSOR)
        getAccessibleContext().accessibleName = name
        addActionListener { action() }
    }

    override fun heightFor(width: Int) = shown.heightFor(width)

    override fun doLayout() = shown.setBounds(0, 0, width, height)

    override fun paintChildren(g: Graphics) {
        super.paintChildren(g)
        if (isFocusOwner) focused(g, this, look)
    }
}
