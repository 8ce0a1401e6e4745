package huizheng.app.swing

import huizheng.app.model.Scan
import huizheng.app.port.Frame
import java.awt.BasicStroke
import java.awt.Color
import java.awt.Graphics
import java.awt.geom.Path2D
import java.awt.geom.RoundRectangle2D
import java.awt.image.BufferedImage
import javax.swing.JComponent
import javax.swing.JFileChooser

fun scanning(stage: Stage, scan: Scan, state: Scan.State) = Screen(stage, stage.words.scan, tab = Tab.SCAN) {
    add(Finder(state.frame, look))
    val part = state.part
    if (state.strange) {
        notice(words.strange, words.strangeTodo, Sign.ASK, look.unsure)
    } else if (part != null) {
        notice(words.partSeen(part.first, part.second), null, Sign.SCAN, look.good)
    } else {
        quiet(if (stage.camera.isThere) words.aim else words.noCamera)
    }
    add(
        press(words.choosePicture, Weight.EVEN) {
            val chooser = JFileChooser()
            if (chooser.showOpenDialog(body) == JFileChooser.APPROVE_OPTION) stage.camera.show(chooser.selectedFile.toPath())
        },
    )
    val line = Line(words.pasteLink, look, scan::open)
    field(words.pasteLink, line)
    add(press(words.open, Weight.EVEN) { scan.open(line.text) })
}

/** What the camera sees, with a frame to put the code in. */
private class Finder(private val frame: Frame?, private val look: Look) : JComponent(), Fluid {
    override fun heightFor(width: Int) = width * 4 / 5

    override fun paintComponent(g: Graphics) = g.smooth {
        clip(RoundRectangle2D.Double(0.0, 0.0, width.toDouble(), height.toDouble(), 36.0, 36.0))
        color = Look.of("0b1a20")
        fillRect(0, 0, width, height)
        frame?.let { seen ->
            val image = BufferedImage(seen.width, seen.height, BufferedImage.TYPE_BYTE_GRAY)
            image.raster.setDataElements(0, 0, seen.width, seen.height, seen.luminance)
            val scale = maxOf(width.toDouble() / seen.width, height.toDouble() / seen.height)
            val (wide, high) = (seen.width * scale).toInt() to (seen.height * scale).toInt()
            drawImage(image, (width - wide) / 2, (height - high) / 2, wide, high, null)
            color = Color(5, 20, 26, 60)
            fillRect(0, 0, width, height)
        }
        val (size, arm) = height * 0.72 to 34.0
        val (x, y) = (width - size) / 2 to (height - size) / 2
        color = if (frame == null) Look.of("dbe8ec") else look.good.soft
        stroke = BasicStroke(4f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND)
        for ((cx, cy, dx, dy) in listOf(Corner(x, y, 1, 1), Corner(x + size, y, -1, 1), Corner(x + size, y + size, -1, -1), Corner(x, y + size, 1, -1))) {
            draw(
                Path2D.Double().apply {
                    moveTo(cx + dx * arm, cy)
                    lineTo(cx + dx * 10, cy)
                    quadTo(cx, cy, cx, cy + dy * 10)
                    lineTo(cx, cy + dy * arm)
                },
            )
        }
    }

    private data class Corner(val x: Double, val y: Double, val right: Int, val down: Int)
}
