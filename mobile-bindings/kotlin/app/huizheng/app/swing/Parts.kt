package huizheng.app.swing

import java.awt.BasicStroke
import java.awt.Color
import java.awt.Cursor
import java.awt.Dimension
import java.awt.Font
import java.awt.Graphics
import java.awt.Insets
import java.awt.font.FontRenderContext
import java.awt.font.LineBreakMeasurer
import java.awt.font.TextAttribute
import java.awt.font.TextLayout
import java.awt.geom.RoundRectangle2D
import java.text.AttributedString
import java.text.BreakIterator
import java.util.Locale
import javax.swing.BorderFactory
import javax.swing.JButton
import javax.swing.JComponent
import javax.swing.JLabel
import javax.swing.JPasswordField
import javax.swing.JTextArea
import javax.swing.JTextField
import javax.swing.JToggleButton
import javax.swing.border.AbstractBorder
import javax.swing.text.JTextComponent

/** Text that breaks where its language does. */
class Words(text: String, font: Font, colour: Color, private val centred: Boolean = false, private val leading: Float = 1.4f) :
    JLabel(text), Fluid {
    init {
        setFont(font)
        foreground = colour
    }

    override fun heightFor(width: Int): Int = (lines(width).size * line).toInt() + 1

    private val line get() = font.size * leading

    override fun getPreferredSize(): Dimension {
        val wide = TextLayout(text.ifEmpty { " " }, font, CONTEXT).advance
        return Dimension(wide.toInt() + 2, line.toInt() + 1)
    }

    override fun paintComponent(g: Graphics) = g.smooth {
        color = foreground
        lines(width).forEachIndexed { at, layout ->
            val x = if (centred) (width - layout.visibleAdvance) / 2 else 0f
            layout.draw(this, x, at * line + (line - layout.ascent - layout.descent) / 2 + layout.ascent)
        }
    }

    private fun lines(width: Int): List<TextLayout> = text.split('\n').flatMap { paragraph ->
        if (paragraph.isEmpty()) return@flatMap listOf(TextLayout(" ", font, CONTEXT))
        val attributed = AttributedString(paragraph, mapOf(TextAttribute.FONT to font))
        val breaks = BreakIterator.getLineInstance(Locale.CHINA)
        val measurer = LineBreakMeasurer(attributed.iterator, breaks, CONTEXT)
        generateSequence { if (measurer.position < paragraph.length) measurer.nextLayout(width.coerceAtLeast(40).toFloat()) else null }.toList()
    }

    private companion object {
        val CONTEXT = FontRenderContext(null, true, true)
    }
}

/** How much a button asks to be pressed. */
enum class Weight { FIRST, EVEN, QUIET, DANGER }

/** A button as wide as there is room. */
class Press(text: String, private val weight: Weight, private val look: Look, private val sign: Sign? = null, action: () -> Unit) :
    JButton(text), Fluid {
    init {
        isContentAreaFilled = false
        isBorderPainted = false
        isFocusPainted = false
        font = Type.strong
        cursor = Cursor.getPredefinedCursor(Cursor.HAND_CURSOR)
        addActionListener { action() }
    }

    override fun heightFor(width: Int) = if (weight == Weight.QUIET) 44 else 52

    override fun paintComponent(g: Graphics) = g.smooth {
        val (fill, ink, edge) = when (weight) {
            Weight.FIRST -> Triple(look.brand, look.onBrand, null)
            Weight.EVEN -> Triple(look.surface, look.brand, look.brand)
            Weight.QUIET -> Triple(null, look.brand, null)
            Weight.DANGER -> Triple(look.surface, look.bad.strong, look.bad.strong)
        }
        fun faded(colour: Color) = if (isEnabled) colour else Color(colour.red, colour.green, colour.blue, 110)
        val shape = RoundRectangle2D.Double(1.0, 1.0, width - 2.0, height - 2.0, 20.0, 20.0)
        fill?.let {
            color = faded(if (model.isPressed) look.brandSoft.takeIf { weight != Weight.FIRST } ?: it.darker() else it)
            fill(shape)
        }
        edge?.let {
            color = faded(it)
            stroke = BasicStroke(2f)
            draw(shape)
        }
        if (isFocusOwner) {
            color = look.focus
            stroke = BasicStroke(3f)
            draw(shape)
        }
        val layout = TextLayout(text, font, fontRenderContext)
        val beside = if (sign == null) 0f else 30f
        val x = (width - layout.advance - beside) / 2
        sign?.draw(this, x.toDouble(), (height - 20) / 2.0, 20.0, faded(ink))
        color = faded(ink)
        layout.draw(this, x + beside, (height - layout.ascent - layout.descent) / 2 + layout.ascent)
    }
}

/** A switch as wide as there is room, with its name at the left. */
class Switch(name: String, private val isOn: Boolean, private val look: Look, enabled: Boolean, change: () -> Unit) : JToggleButton(name, isOn), Fluid {
    init {
        isContentAreaFilled = false
        isBorderPainted = false
        isFocusPainted = false
        isEnabled = enabled
        foreground = look.ink
        cursor = Cursor.getPredefinedCursor(Cursor.HAND_CURSOR)
        addActionListener { change() }
    }

    private fun said() = Words(text, Type.strong, foreground)

    override fun heightFor(width: Int) = maxOf(52, said().heightFor(width - TRACK - 40) + 24)

    override fun paintComponent(g: Graphics) = g.smooth {
        color = look.surface
        val shape = RoundRectangle2D.Double(1.0, 1.0, width - 2.0, height - 2.0, 20.0, 20.0)
        fill(shape)
        color = if (isFocusOwner) look.focus else look.edge
        stroke = BasicStroke(if (isFocusOwner) 3f else 1.25f)
        draw(shape)
        val room = width - TRACK - 40
        val (said, high) = said() to said().heightFor(room)
        said.setBounds(0, 0, room, high)
        said.paint(create(16, (height - high) / 2, room, high))
        val (left, top) = width - TRACK - 14.0 to (height - 26) / 2.0
        color = if (isOn) look.brand else look.quiet
        fill(RoundRectangle2D.Double(left, top, TRACK.toDouble(), 26.0, 26.0, 26.0))
        color = if (isOn) look.onBrand else look.surface
        fill(java.awt.geom.Ellipse2D.Double(if (isOn) left + TRACK - 23 else left + 3, top + 3, 20.0, 20.0))
    }

    private companion object {
        const val TRACK = 48
    }
}

/** A field for a line of text. */
class Line(label: String, private val look: Look, enter: (String) -> Unit) : JTextField(), Fluid {
    init {
        dress(this, label, look)
        addActionListener { enter(text) }
    }

    override fun heightFor(width: Int) = 54

    override fun paintComponent(g: Graphics) {
        ground(g, this, look)
        super.paintComponent(g)
    }
}

/** A field for a letter: as high as what is in it. */
class Area(label: String, private val look: Look) : JTextArea(), Fluid {
    init {
        dress(this, label, look)
        lineWrap = true
        wrapStyleWord = true
        border = BorderFactory.createEmptyBorder(12, 14, 12, 14)
    }

    override fun heightFor(width: Int): Int {
        setSize(width, Short.MAX_VALUE.toInt())
        return preferredSize.height
    }

    override fun paintComponent(g: Graphics) {
        ground(g, this, look)
        super.paintComponent(g)
        Edge(look).paintBorder(this, g, 0, 0, width, height)
    }
}

/** A field for what nobody should read over the holder's shoulder. */
class Secret(label: String, private val look: Look, enter: (Secret) -> Unit) : JPasswordField(), Fluid {
    init {
        dress(this, label, look)
        echoChar = '●'
        addActionListener { enter(this) }
    }

    /** What was entered. The field is emptied. */
    fun take(): String = String(password).also { text = "" }

    override fun heightFor(width: Int) = 54

    override fun paintComponent(g: Graphics) {
        ground(g, this, look)
        super.paintComponent(g)
    }
}

private fun ground(g: Graphics, field: JComponent, look: Look) = g.smooth {
    color = look.surface
    fill(RoundRectangle2D.Double(1.5, 1.5, field.width - 3.0, field.height - 3.0, 20.0, 20.0))
}

private fun dress(field: JTextComponent, label: String, look: Look) {
    field.accessibleContext.accessibleName = label
    field.font = Type.body
    field.foreground = look.ink
    field.caretColor = look.brand
    field.background = look.surface
    field.isOpaque = false
    field.selectionColor = look.brandSoft
    field.selectedTextColor = look.ink
    field.border = BorderFactory.createCompoundBorder(Edge(look), BorderFactory.createEmptyBorder(4, 14, 4, 14))
}

/** The edge of what has the focus. */
fun focused(g: Graphics, part: JComponent, look: Look) = g.smooth {
    color = look.focus
    stroke = BasicStroke(3f)
    draw(RoundRectangle2D.Double(1.5, 1.5, part.width - 3.0, part.height - 3.0, 2.0 * Surface.RADIUS, 2.0 * Surface.RADIUS))
}

private class Edge(private val look: Look) : AbstractBorder() {
    override fun paintBorder(c: java.awt.Component, g: Graphics, x: Int, y: Int, width: Int, height: Int) = g.smooth {
        stroke = BasicStroke(if (c.isFocusOwner) 2.5f else 1.25f)
        color = if (c.isFocusOwner) look.focus else look.edge
        draw(RoundRectangle2D.Double(x + 1.5, y + 1.5, width - 3.0, height - 3.0, 20.0, 20.0))
    }

    override fun getBorderInsets(c: java.awt.Component) = Insets(2, 2, 2, 2)
}

/** A sign in a word's colour and a word beside it, on a pill: how something stands. */
class Badge(text: String, private val sign: Sign, private val tone: Tone) : JLabel(text), Fluid {
    init {
        font = Type.small.deriveFont(Font.BOLD)
    }

    override fun getPreferredSize() = Dimension(TextLayout(text, font, FontRenderContext(null, true, true)).advance.toInt() + 42, 28)

    override fun heightFor(width: Int) = 28

    override fun paintComponent(g: Graphics) = g.smooth {
        color = tone.soft
        fill(RoundRectangle2D.Double(0.0, 0.0, preferredSize.width.toDouble(), 28.0, 28.0, 28.0))
        sign.draw(this, 10.0, 7.0, 14.0, tone.strong)
        color = tone.strong
        val layout = TextLayout(text, font, fontRenderContext)
        layout.draw(this, 30f, (28 - layout.ascent - layout.descent) / 2 + layout.ascent)
    }
}

/** A sign, by itself or in a disc. */
class Mark(private val sign: Sign, private val size: Int, private val ink: Color, private val disc: Color? = null) : JComponent(), Fluid {
    override fun getPreferredSize() = Dimension(size, size)

    override fun heightFor(width: Int) = size

    override fun paintComponent(g: Graphics) = g.smooth {
        val left = if (width > size) (width - size) / 2.0 else 0.0
        if (disc != null) {
            color = disc
            fill(java.awt.geom.Ellipse2D.Double(left, 0.0, size.toDouble(), size.toDouble()))
        }
        val part = if (disc == null) 1.0 else 0.5
        sign.draw(this, left + size * (1 - part) / 2, size * (1 - part) / 2, size * part, ink)
    }
}
