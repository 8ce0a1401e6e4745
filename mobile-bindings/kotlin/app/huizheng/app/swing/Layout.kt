package huizheng.app.swing

import java.awt.Color
import java.awt.Component
import java.awt.Dimension
import java.awt.Graphics
import java.awt.Insets
import java.awt.Rectangle
import java.awt.geom.RoundRectangle2D
import javax.swing.JComponent
import javax.swing.JScrollPane
import javax.swing.Scrollable

/** Something whose height follows from its width, as text's does. */
interface Fluid {
    fun heightFor(width: Int): Int
}

fun Component.heightAt(width: Int): Int = if (this is Fluid) heightFor(width) else preferredSize.height

/** One under another. */
open class Column(private val gap: Int = 0, private val inside: Insets = Insets(0, 0, 0, 0)) : JComponent(), Fluid, Scrollable {
    private val shown get() = components.filter { it.isVisible }

    operator fun <C : Component> C.unaryPlus(): C = also { this@Column.add(it) }

    override fun heightFor(width: Int): Int {
        val room = width - inside.left - inside.right
        return inside.top + inside.bottom + shown.sumOf { it.heightAt(room) } + gap * (shown.size - 1).coerceAtLeast(0)
    }

    override fun doLayout() {
        val room = width - inside.left - inside.right
        var y = inside.top
        for (each in shown) {
            val height = each.heightAt(room)
            each.setBounds(inside.left, y, room, height)
            y += height + gap
        }
    }

    override fun getPreferredSize(): Dimension {
        val width = if (width > 0) width else PHONE_WIDTH
        return Dimension(width, heightFor(width))
    }

    override fun getPreferredScrollableViewportSize(): Dimension = preferredSize

    override fun getScrollableUnitIncrement(visible: Rectangle?, orientation: Int, direction: Int) = 24

    override fun getScrollableBlockIncrement(visible: Rectangle?, orientation: Int, direction: Int) = 400

    override fun getScrollableTracksViewportWidth() = true

    override fun getScrollableTracksViewportHeight() = false

    companion object {
        const val PHONE_WIDTH = 390
    }
}

/** Side by side, each as wide as the others; as high as the highest. */
class Row(private val gap: Int = 12) : JComponent(), Fluid {
    operator fun <C : Component> C.unaryPlus(): C = also { this@Row.add(it) }

    private fun share(width: Int) = (width - gap * (componentCount - 1)) / componentCount.coerceAtLeast(1)

    override fun heightFor(width: Int): Int = components.maxOfOrNull { it.heightAt(share(width)) } ?: 0

    override fun doLayout() = components.forEachIndexed { at, each -> each.setBounds(at * (share(width) + gap), 0, share(width), height) }
}

/** A sign or a picture of a fixed width at the left, and the rest beside it. */
class Beside(private val left: JComponent, private val right: JComponent, private val gap: Int = 12, private val middle: Boolean = false) :
    JComponent(), Fluid {
    init {
        add(left)
        add(right)
    }

    private val aside get() = left.preferredSize.width + gap

    override fun heightFor(width: Int): Int = maxOf(left.preferredSize.height, right.heightAt(width - aside))

    override fun doLayout() {
        val (its, rest) = left.preferredSize.height to right.heightAt(width - aside)
        left.setBounds(0, if (middle) (height - its) / 2 else 0, left.preferredSize.width, its)
        right.setBounds(aside, if (middle) (height - rest) / 2 else 0, width - aside, rest)
    }
}

/** Words at the left, and a button of its own width at the right. */
class Ends(private val left: JComponent, private val right: JComponent) : JComponent(), Fluid {
    init {
        add(left)
        add(right)
    }

    private fun room(width: Int) = width - right.preferredSize.width - 12

    override fun heightFor(width: Int): Int = maxOf(left.heightAt(room(width)), right.heightAt(width))

    override fun doLayout() {
        val (room, its) = room(width) to left.heightAt(room(width))
        left.setBounds(0, (height - its) / 2, room, its)
        right.setBounds(room + 12, 0, width - room - 12, height)
    }
}

/** A column on a surface of its own, with round corners. */
class Surface(private val fill: Color, private val edge: Color?, gap: Int = 12, padding: Int = 16) :
    Column(gap, Insets(padding, padding, padding, padding)) {
    override fun paintComponent(g: Graphics) = g.smooth {
        val shape = RoundRectangle2D.Double(0.5, 0.5, width - 1.0, height - 1.0, 2.0 * RADIUS, 2.0 * RADIUS)
        color = fill
        fill(shape)
        if (edge != null) {
            color = edge
            draw(shape)
        }
    }

    companion object {
        const val RADIUS = 14
    }
}

/** Space, or a line across. */
class Space(private val high: Int, private val line: Color? = null) : JComponent(), Fluid {
    override fun heightFor(width: Int) = high

    override fun paintComponent(g: Graphics) {
        if (line == null) return
        g.color = line
        g.fillRect(0, high / 2, width, 1)
    }
}

/** What is longer than the screen. */
fun scrolling(content: Column, paper: Color): JScrollPane = JScrollPane(content).apply {
    border = null
    viewport.background = paper
    horizontalScrollBarPolicy = JScrollPane.HORIZONTAL_SCROLLBAR_NEVER
    // As on a phone: it scrolls by wheel, touch pad and keys, and has no bar.
    verticalScrollBar.preferredSize = Dimension(0, 0)
}
