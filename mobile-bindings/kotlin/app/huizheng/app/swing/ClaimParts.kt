package huizheng.app.swing

import huizheng.Claim
import huizheng.ClaimKind
import java.awt.Dimension
import java.awt.Graphics
import java.awt.image.BufferedImage
import java.util.Base64
import javax.imageio.ImageIO
import javax.swing.JComponent

/** A claim's value: its text, or its picture. */
fun Parts.shown(claim: Claim): JComponent = when (claim.kind) {
    ClaimKind.IMAGE -> picture(claim.json)?.let(::Portrait) ?: value(words.of(claim.text))
    else -> value(words.of(claim.text))
}

/** The picture in a JSON string that is a `data:` URL; none if it is something else. */
private fun picture(json: String): BufferedImage? {
    val encoded = json.trim('"').substringAfter(";base64,", "").ifEmpty { return null }
    return runCatching { ImageIO.read(Base64.getDecoder().decode(encoded.replace("\\/", "/")).inputStream()) }.getOrNull()
}

private class Portrait(private val image: BufferedImage) : JComponent(), Fluid {
    override fun heightFor(width: Int) = 124

    override fun getPreferredSize() = Dimension(100, 124)

    override fun paintComponent(g: Graphics) = g.smooth {
        val wide = (116.0 * image.width / image.height).toInt()
        clip(java.awt.geom.RoundRectangle2D.Double(0.0, 4.0, wide.toDouble(), 116.0, 16.0, 16.0))
        drawImage(image, 0, 4, wide, 116, null)
    }
}
