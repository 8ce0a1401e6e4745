package huizheng.app.swing

import huizheng.Card
import huizheng.CardState
import huizheng.app.model.isOver
import huizheng.app.text.Text
import huizheng.app.text.word
import java.awt.BasicStroke
import java.awt.Color
import java.awt.Font
import java.awt.GradientPaint
import java.awt.Graphics
import java.awt.Graphics2D
import java.awt.font.TextLayout
import java.awt.geom.Path2D
import java.awt.geom.RoundRectangle2D
import javax.swing.JButton
import kotlin.math.PI
import kotlin.math.cos
import kotlin.math.sin
import kotlin.random.Random

/** A card as it lies on a table: in its type's colours, with a quiet pattern. One that does not count any more is plainly grey. */
class CardFace(private val card: Card, private val words: Text, press: (() -> Unit)?) : JButton(), Fluid {
    private val dead = card.state.isOver
    private val ink = if (dead) Look.of("f1f3f4") else Look.of(card.colours.ink)

    init {
        isContentAreaFilled = false
        isBorderPainted = false
        isFocusPainted = false
        isEnabled = press != null
        val name = "${words.of(card.label)}, ${card.holderLine}, ${words.word(card.state)}"
        getAccessibleContext().accessibleName = name
        if (press != null) addActionListener { press() }
    }

    override fun heightFor(width: Int) = (width / RATIO).toInt()

    override fun paintComponent(g: Graphics) = g.smooth {
        val shape = RoundRectangle2D.Double(0.0, 0.0, width.toDouble(), height.toDouble(), 32.0, 32.0)
        paint = if (dead) {
            GradientPaint(0f, 0f, Look.of("56626a"), width.toFloat(), height.toFloat(), Look.of("7a868d"))
        } else {
            GradientPaint(0f, 0f, Look.of(card.colours.from), width.toFloat(), height.toFloat(), Look.of(card.colours.to))
        }
        fill(shape)
        clip(shape)
        pattern(this)
        text(words.of(card.issuerName), Type.small, 20f, 36f)
        text(words.of(card.label), Type.title, 20f, 76f)
        text(card.holderLine, Type.body, 20f, height - 50f)
        val until = card.validUntil?.let { words.validUntil(words.day(it)) } ?: words.noEnd
        text(until, Type.small, 20f, height - 24f)
        badge(this)
    }

    /** Fine lines that drift against each other, and a rosette, as on security paper. */
    private fun pattern(g: Graphics2D) {
        val dice = Random(card.pattern.toInt())
        g.stroke = BasicStroke(0.7f)
        g.color = Color(255, 255, 255, 34)
        val (swing, long) = 14 + 12 * dice.nextDouble() to 160 + 100 * dice.nextDouble()
        for (row in -1..(height / 15)) {
            g.draw(curve(80) { part -> width * part to row * 15 + swing * sin(width * part / long * 2 * PI + row * 0.7) })
        }
        val petals = 5 + dice.nextInt(6)
        g.color = Color(255, 255, 255, 48)
        for (ring in 0..4) {
            g.draw(curve(180) { part ->
                val angle = 2 * PI * part
                val far = 32 + 14 * ring + (8 + 3 * ring) * cos(petals * angle + ring * 0.35)
                width * 0.84 + far * cos(angle) to height * 0.5 + far * sin(angle)
            })
        }
    }

    private fun curve(steps: Int, at: (Double) -> Pair<Double, Double>) = Path2D.Double().apply {
        for (step in 0..steps) {
            val (x, y) = at(step.toDouble() / steps)
            if (step == 0) moveTo(x, y) else lineTo(x, y)
        }
    }

    private fun Graphics2D.text(text: String, font: Font, x: Float, y: Float) {
        if (text.isEmpty()) return
        color = ink
        val room = width - 2 * x
        var shown = text
        while (TextLayout(shown, font, fontRenderContext).advance > room && shown.length > 2) shown = shown.dropLast(2) + "…"
        TextLayout(shown, font, fontRenderContext).draw(this, x, y)
    }

    private fun badge(g: Graphics2D) {
        val font = Type.small.deriveFont(Font.BOLD)
        val (sign, tone) = standing(Look.Light, card.state)
        val layout = TextLayout(words.word(card.state), font, g.fontRenderContext)
        val wide = layout.advance + 42.0
        g.color = Color(255, 255, 255, 236)
        g.fill(RoundRectangle2D.Double(width - wide - 16, height - 46.0, wide, 28.0, 28.0, 28.0))
        sign.draw(g, width - wide - 6, height - 39.0, 14.0, tone.strong)
        g.color = tone.strong
        layout.draw(g, (width - wide + 14).toFloat(), height - 46 + (28 - layout.ascent - layout.descent) / 2 + layout.ascent)
    }

    private companion object {
        /** ISO 7810 ID-1. */
        const val RATIO = 1.586
    }
}

/** The sign and the colour for how a card stands. */
fun standing(look: Look, state: CardState): Pair<Sign, Tone> = when (state) {
    is CardState.Valid -> Sign.TICK to look.good
    is CardState.Suspended -> Sign.PAUSE to look.unsure
    is CardState.Revoked, is CardState.NotTrusted, is CardState.Damaged -> Sign.CROSS to look.bad
    is CardState.Expired -> Sign.CLOCK to look.still
    is CardState.Unknown -> Sign.ASK to look.unsure
}
