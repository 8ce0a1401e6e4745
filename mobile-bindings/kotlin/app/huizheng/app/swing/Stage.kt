package huizheng.app.swing

import huizheng.app.desktop.PictureCamera
import huizheng.app.model.App
import huizheng.app.text.Problem
import huizheng.app.text.Text
import huizheng.app.text.explain
import java.awt.BorderLayout
import java.awt.Dimension
import java.awt.Graphics
import java.awt.Insets
import javax.swing.JButton
import javax.swing.JComponent
import javax.swing.JPanel

/** What every screen is made with. */
class Stage(val app: App, val camera: PictureCamera, val words: Text, val look: Look, val appearance: Appearance)

/** What the holder chose of the app's looks. */
interface Appearance {
    fun speak(words: Text)

    fun wear(look: Look)
}

/** The places that the tabs lead to. */
enum class Tab { CARDS, SCAN, LOG, MORE }

/**
 * One screen: its title, what it says, what it asks at the bottom, and the tabs.
 *
 * @param back where the arrow at the top leads; none, none
 */
class Screen(stage: Stage, title: String, back: (() -> Unit)? = null, tab: Tab? = null, fill: Parts.() -> Unit) : JPanel(BorderLayout()) {
    init {
        background = stage.look.paper
        val parts = Parts(stage).apply(fill)
        add(TitleBar(stage, title, back), BorderLayout.NORTH)
        val body = scrolling(parts.body, stage.look.paper)
        body.name = "body"
        add(body, BorderLayout.CENTER)
        val bottom = Column(0)
        with(bottom) {
            if (parts.bottom.componentCount > 0) +parts.bottom
            if (tab != null) +Tabs(stage, tab)
        }
        add(bottom, BorderLayout.SOUTH)
    }
}

/** What a screen consists of, and the small things that many of them have. */
class Parts(val stage: Stage) {
    val look = stage.look
    val words = stage.words
    val body = Column(16, Insets(8, 20, 28, 20))
    val bottom = Column(12, Insets(12, 20, 20, 20))

    fun add(part: JComponent) {
        body.add(part)
    }

    fun text(text: String) = add(Words(text, Type.body, look.ink))

    fun quiet(text: String) = add(Words(text, Type.body, look.quiet))

    fun label(text: String) = add(Words(text, Type.strong, look.ink))

    fun title(text: String, centred: Boolean = false) = add(Words(text, Type.title, look.ink, centred))

    fun space(high: Int) = add(Space(high))

    /** What the holder should know before she goes on. */
    fun notice(title: String, text: String?, sign: Sign, tone: Tone) = add(
        Surface(tone.soft, null, gap = 4).apply {
            val said = Column(4).apply {
                +Words(title, Type.strong, tone.strong)
                if (!text.isNullOrEmpty()) +Words(text, Type.body, look.ink)
            }
            +Beside(Mark(sign, 22, tone.strong), said)
        },
    )

    fun problem(problem: Problem) = notice(problem.title, problem.todo, Sign.WARN, look.bad)

    fun problem(error: Exception?) {
        if (error != null) problem(words.explain(error))
    }

    /** A large sign with what happened under it. */
    fun outcome(sign: Sign, tone: Tone, title: String, text: String) {
        space(72)
        add(Mark(sign, 88, tone.strong, tone.soft))
        title(title, centred = true)
        add(Words(text, Type.body, look.quiet, centred = true))
    }

    /** Names and values, one under another on a surface. */
    fun facts(facts: List<Pair<String, JComponent>>) = add(
        Surface(look.surface, look.line, gap = 0, padding = 16).apply {
            facts.forEachIndexed { at, (name, value) ->
                if (at > 0) +Space(21, look.line)
                +Words(name, Type.small, look.quiet)
                +value
            }
        },
    )

    /** The last question before something can't be undone. To leave it is as easy. */
    fun sure(question: String, meaning: String, no: String, yes: String, enabled: Boolean, keep: () -> Unit, go: () -> Unit) {
        notice(question, meaning, Sign.WARN, look.bad)
        add(
            Row().apply {
                +press(no, Weight.EVEN, enabled = enabled, action = keep)
                +press(yes, Weight.DANGER, enabled = enabled, action = go)
            },
        )
    }

    /** A field with its name above it, and what helps to fill it in. */
    fun field(name: String, field: JComponent, hint: String? = null) = add(
        Column(6).apply {
            +Words(name, Type.strong, look.ink)
            if (hint != null) +Words(hint, Type.small, look.quiet)
            +field
        },
    )

    fun value(text: String) = Words(text, Type.body, look.ink)

    fun press(text: String, weight: Weight = Weight.FIRST, sign: Sign? = null, enabled: Boolean = true, action: () -> Unit) =
        Press(text, weight, look, sign, action).apply { isEnabled = enabled }
}

private class TitleBar(stage: Stage, private val title: String, back: (() -> Unit)?) : JComponent() {
    private val look = stage.look
    private val arrow = back?.let { BackArrow(stage.words.back, look, it).also(::add) }

    override fun getPreferredSize() = Dimension(0, 64)

    override fun doLayout() {
        arrow?.setBounds(8, 10, 44, 44)
    }

    override fun paintComponent(g: Graphics) = g.smooth {
        color = look.paper
        fillRect(0, 0, width, height)
        val layout = java.awt.font.TextLayout(title.ifEmpty { " " }, Type.large, fontRenderContext)
        color = look.ink
        layout.draw(this, (width - layout.advance) / 2, (height - layout.ascent - layout.descent) / 2 + layout.ascent)
    }
}

private class BackArrow(name: String, private val look: Look, action: () -> Unit) : JButton() {
    init {
        getAccessibleContext().accessibleName = name
        isContentAreaFilled = false
        isBorderPainted = false
        addActionListener { action() }
    }

    override fun paintComponent(g: Graphics) = g.smooth {
        Sign.BACK.draw(this, 9.0, 9.0, 26.0, if (isFocusOwner) look.focus else look.ink)
    }
}

private class Tabs(stage: Stage, current: Tab) : JComponent(), Fluid {
    private val look = stage.look
    private val tabs = with(stage) {
        listOf(
            TabButton(words.cards, Sign.CARDS, current == Tab.CARDS, look, app::cards),
            TabButton(words.scan, Sign.SCAN, current == Tab.SCAN, look, app::scan),
            TabButton(words.log, Sign.LOG, current == Tab.LOG, look, app::log),
            TabButton(words.more, Sign.MORE, current == Tab.MORE, look, app::more),
        )
    }

    init {
        tabs.forEach(::add)
    }

    override fun heightFor(width: Int) = 76

    override fun doLayout() = tabs.forEachIndexed { at, tab -> tab.setBounds(at * width / tabs.size, 1, width / tabs.size, height - 1) }

    override fun paintComponent(g: Graphics) {
        g.color = look.surface
        g.fillRect(0, 0, width, height)
        g.color = look.line
        g.fillRect(0, 0, width, 1)
    }
}

private class TabButton(name: String, private val sign: Sign, private val here: Boolean, private val look: Look, action: () -> Unit) : JButton(name) {
    init {
        isContentAreaFilled = false
        isBorderPainted = false
        addActionListener { action() }
    }

    override fun paintComponent(g: Graphics) = g.smooth {
        val ink = if (isFocusOwner) look.focus else if (here) look.brand else look.quiet
        sign.draw(this, width / 2 - 13.0, 12.0, 26.0, ink)
        val font = if (here) Type.small.deriveFont(java.awt.Font.BOLD) else Type.small
        val layout = java.awt.font.TextLayout(text, font, fontRenderContext)
        color = ink
        layout.draw(this, (width - layout.advance) / 2, 59f)
    }
}
