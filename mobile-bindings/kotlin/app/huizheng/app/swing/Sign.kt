package huizheng.app.swing

import java.awt.BasicStroke
import java.awt.Color
import java.awt.Graphics2D
import java.awt.Shape
import java.awt.geom.AffineTransform
import java.awt.geom.Ellipse2D
import java.awt.geom.Path2D
import java.awt.geom.RoundRectangle2D

/** Signs, each drawn with one pen in a field of 24 by 24. */
enum class Sign(private vararg val shapes: Shape) {
    CARDS(RoundRectangle2D.Double(3.0, 6.0, 18.0, 13.0, 4.0, 4.0), path("M3 10 L21 10"), path("M6 15.5 L11 15.5")),
    SCAN(
        path("M4 9 L4 4 L9 4"), path("M15 4 L20 4 L20 9"), path("M20 15 L20 20 L15 20"), path("M9 20 L4 20 L4 15"), path("M7 12 L17 12"),
    ),
    LOG(path("M8 6 L20 6"), path("M8 12 L20 12"), path("M8 18 L20 18"), path("M4 6 L4.1 6"), path("M4 12 L4.1 12"), path("M4 18 L4.1 18")),
    MORE(Ellipse2D.Double(4.0, 10.5, 3.0, 3.0), Ellipse2D.Double(10.5, 10.5, 3.0, 3.0), Ellipse2D.Double(17.0, 10.5, 3.0, 3.0)),
    BACK(path("M14.5 5 L7.5 12 L14.5 19")),
    TICK(path("M4.5 12.5 L9.5 17.5 L19.5 6.5")),
    CROSS(path("M6 6 L18 18"), path("M18 6 L6 18")),
    ASK(path("M8.5 9 C8.5 4 16 4 15.8 9 C15.7 12 12 12 12 15"), path("M12 19 L12.1 19")),
    PAUSE(path("M8.5 6 L8.5 18"), path("M15.5 6 L15.5 18")),
    CLOCK(Ellipse2D.Double(3.5, 3.5, 17.0, 17.0), path("M12 7.5 L12 12.5 L15.5 14.5")),
    SHIELD(path("M12 3 L20 6 L20 11 C20 16 16.5 19.5 12 21 C7.5 19.5 4 16 4 11 L4 6 Z"), path("M8.5 12 L11 14.5 L15.5 9.5")),
    REFUSED(path("M12 3 L20 6 L20 11 C20 16 16.5 19.5 12 21 C7.5 19.5 4 16 4 11 L4 6 Z"), path("M9.3 9.3 L14.7 14.7 M14.7 9.3 L9.3 14.7")),
    WARN(path("M12 4 L21 19.5 L3 19.5 Z"), path("M12 10 L12 14"), path("M12 16.8 L12.1 16.8")),
    LEAVES(path("M12 19 L12 5"), path("M6 11 L12 5 L18 11")),
    FILE(path("M6 3 L14 3 L19 8 L19 21 L6 21 Z"), path("M14 3 L14 8 L19 8"), path("M12 17.5 L12 11.5"), path("M9.5 14 L12 11.5 L14.5 14")),
    FINGER(
        path("M5 15 L5 12 C5 2.7 19 2.7 19 12 L19 16"), path("M8.5 18.5 L8.5 12 C8.5 7.3 15.5 7.3 15.5 12 L15.5 19.5"),
        path("M12 12 L12 21"),
    ),
    AGAIN(path("M19 7 C15 2.5 8 3 5.2 8 C2.4 13 5 19 11 20 C15.5 20.7 19.5 17.5 20 13"), path("M19.5 3 L19.5 7.5 L15 7.5")),
    BROWSER(
        RoundRectangle2D.Double(3.0, 4.5, 18.0, 15.0, 4.0, 4.0), path("M3 9.5 L21 9.5"), path("M6.5 7 L6.6 7"), path("M9 14.5 L15 14.5"), path("M13 12 L15.5 14.5 L13 17"),
    ),
    LETTER(RoundRectangle2D.Double(3.0, 5.5, 18.0, 13.0, 3.0, 3.0), path("M4 7 L12 13 L20 7")),
    PERSON(Ellipse2D.Double(8.0, 3.5, 8.0, 8.0), path("M4.5 20.5 C4.5 12.5 19.5 12.5 19.5 20.5")),
    LOCK(RoundRectangle2D.Double(5.0, 11.0, 14.0, 9.0, 3.0, 3.0), path("M8 11 L8 8 C8 2.7 16 2.7 16 8 L16 11")),
    ;

    fun draw(g: Graphics2D, x: Double, y: Double, size: Double, ink: Color) {
        val fit = AffineTransform.getTranslateInstance(x, y).apply { scale(size / 24, size / 24) }
        g.color = ink
        g.stroke = BasicStroke((size / 24 * 2.1).toFloat(), BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        shapes.forEach { g.draw(fit.createTransformedShape(it)) }
    }
}

/** A path from the few commands that the signs need: M, L, C, Z. */
internal fun path(text: String): Path2D = Path2D.Double().apply {
    val words = text.split(' ').iterator()
    var command = 'M'
    fun number(first: String? = null) = (first ?: words.next()).toDouble()
    while (words.hasNext()) {
        var word: String? = words.next()
        if (word!![0].isLetter()) {
            command = word[0]
            word = word.drop(1).ifEmpty { null }
        }
        when (command) {
            'M' -> moveTo(number(word), number())
            'L' -> lineTo(number(word), number())
            'C' -> curveTo(number(word), number(), number(), number(), number(), number())
            'Z' -> closePath()
        }
    }
}
