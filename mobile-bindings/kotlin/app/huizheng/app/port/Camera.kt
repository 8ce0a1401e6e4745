package huizheng.app.port

import com.google.zxing.BarcodeFormat
import com.google.zxing.BinaryBitmap
import com.google.zxing.DecodeHintType
import com.google.zxing.PlanarYUVLuminanceSource
import com.google.zxing.ReaderException
import com.google.zxing.common.GlobalHistogramBinarizer
import com.google.zxing.common.HybridBinarizer
import com.google.zxing.qrcode.QRCodeReader
import kotlinx.coroutines.flow.Flow

/** What the app sees through: CameraX's `ImageAnalysis` on Android, pictures on a desktop. */
fun interface Camera {
    /** Pictures, one after another, until nobody collects them any more. */
    fun frames(): Flow<Frame>
}

/**
 * One picture.
 *
 * @param luminance a byte for each pixel, row by row: the Y plane of a camera's YUV
 */
class Frame(val width: Int, val height: Int, val luminance: ByteArray) {
    init {
        require(luminance.size == width * height) { "one byte for each pixel" }
    }

    /** The text of the QR code in it, if there is one that can be read. */
    fun qrCode(): String? {
        val source = PlanarYUVLuminanceSource(luminance, width, height, 0, 0, width, height, false)
        val (shadows, clean) = BinaryBitmap(HybridBinarizer(source)) to BinaryBitmap(GlobalHistogramBinarizer(source))
        // The first copes with shadows, the second with large codes on a clean screen. Of a picture of a code and nothing else, one in twenty
        // is found by neither, and no second frame will come.
        return read(shadows, HINTS) ?: read(clean, HINTS) ?: read(clean, ALONE)
    }

    private fun read(bitmap: BinaryBitmap, hints: Map<DecodeHintType, Any>): String? = try {
        QRCodeReader().decode(bitmap, hints).text
    } catch (_: ReaderException) {
        null
    }

    private companion object {
        val HINTS = mapOf(DecodeHintType.TRY_HARDER to true, DecodeHintType.POSSIBLE_FORMATS to listOf(BarcodeFormat.QR_CODE))
        val ALONE = HINTS + (DecodeHintType.PURE_BARCODE to true)
    }
}
