package huizheng.app.desktop

import huizheng.app.port.Camera
import huizheng.app.port.Frame
import java.awt.image.BufferedImage
import java.nio.file.Path
import javax.imageio.ImageIO
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableSharedFlow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.mapNotNull

/**
 * A camera that sees the pictures it is shown.
 *
 * @param isThere whether the app tells its holder to point it at something
 */
class PictureCamera(val isThere: Boolean = false) : Camera {
    private val pictures = MutableSharedFlow<Path>(extraBufferCapacity = 1, onBufferOverflow = BufferOverflow.DROP_OLDEST)

    /** Whether somebody looks through it: what is shown to nobody is not seen later either. */
    val isLookedThrough get() = pictures.subscriptionCount.value > 0

    fun show(picture: Path) {
        pictures.tryEmit(picture)
    }

    override fun frames(): Flow<Frame> = pictures.mapNotNull(::look).flowOn(Dispatchers.IO)

    /** None when the file is no picture, or too large to be one of a code. */
    private fun look(picture: Path): Frame? = runCatching { ImageIO.read(picture.toFile()) }.getOrNull()
        ?.takeIf { it.width.toLong() * it.height <= MOST_PIXELS }
        ?.let(::frame)

    private fun frame(image: BufferedImage): Frame {
        val luminance = ByteArray(image.width * image.height) { at ->
            val rgb = image.getRGB(at % image.width, at / image.width)
            // What is transparent is paper.
            if (rgb ushr 24 < 128) return@ByteArray -1
            val (r, g, b) = Triple(rgb shr 16 and 0xff, rgb shr 8 and 0xff, rgb and 0xff)
            ((r * 306 + g * 601 + b * 117) shr 10).toByte()
        }
        return Frame(image.width, image.height, luminance)
    }

    private companion object {
        const val MOST_PIXELS = 50_000_000L
    }
}
