package huizheng.app.swing

import java.awt.Color
import java.awt.Font
import java.awt.Graphics
import java.awt.Graphics2D
import java.awt.RenderingHints

/** The colours of the pages (`crates/service/assets/tokens.css`), in light and dark. Colour says state, never alone. */
class Look private constructor(
    val isDark: Boolean,
    val paper: Color,
    val surface: Color,
    val ink: Color,
    val quiet: Color,
    val line: Color,
    val edge: Color,
    val brand: Color,
    val brandSoft: Color,
    val onBrand: Color,
    val good: Tone,
    val bad: Tone,
    val unsure: Tone,
    val still: Tone,
    val focus: Color,
) {
    companion object {
        val Light = Look(
            false, of("f4f7f7"), of("ffffff"), of("14232a"), of("455962"), of("d3dde0"), of("7d9099"), of("14475a"), of("e1eef2"), of("ffffff"),
            Tone(of("17683c"), of("e2f3e8")), Tone(of("a3241b"), of("fbe8e5")), Tone(of("805000"), of("fcf0da")), Tone(of("536169"), of("e8edee")), of("0b6bcb"),
        )
        val Dark = Look(
            true, of("0e171b"), of("162228"), of("e7eff1"), of("a9bbc2"), of("2a3a42"), of("6d838d"), of("8ccfe0"), of("17343f"), of("06212b"),
            Tone(of("79d49f"), of("11301f")), Tone(of("ff9d90"), of("3b1714")), Tone(of("f1bf68"), of("33260d")), Tone(of("a9bbc2"), of("223037")), of("79b8ff"),
        )

        fun of(hex: String): Color = Color(hex.removePrefix("#").toInt(16))
    }
}

/** What says how something stands: strong for words and signs, soft behind them. */
class Tone(val strong: Color, val soft: Color)

/** One family for both languages; its sizes are those of a phone at arm's length. */
object Type {
    private const val FAMILY = "Noto Sans CJK SC"
    val small = Font(FAMILY, Font.PLAIN, 14)
    val body = Font(FAMILY, Font.PLAIN, 16)
    val strong = Font(FAMILY, Font.BOLD, 16)
    val large = Font(FAMILY, Font.BOLD, 19)
    /** What is copied letter by letter. */
    val code = Font("Noto Sans Mono CJK SC", Font.BOLD, 21)
    val title = Font(FAMILY, Font.BOLD, 26)
}

/** Paints smoothly, on a copy that is thrown away. */
inline fun Graphics.smooth(paint: Graphics2D.() -> Unit) {
    val copy = create() as Graphics2D
    copy.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON)
    copy.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON)
    copy.setRenderingHint(RenderingHints.KEY_FRACTIONALMETRICS, RenderingHints.VALUE_FRACTIONALMETRICS_ON)
    copy.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE)
    copy.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR)
    try {
        copy.paint()
    } finally {
        copy.dispose()
    }
}
