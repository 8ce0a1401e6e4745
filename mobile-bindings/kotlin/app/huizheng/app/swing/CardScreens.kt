package huizheng.app.swing

import huizheng.Card
import huizheng.CardState
import huizheng.Claim
import huizheng.ClaimKind
import huizheng.app.model.CardDetails
import huizheng.app.model.Cards
import huizheng.app.text.Text
import huizheng.app.text.meaning
import huizheng.app.text.word
import java.awt.Dimension
import java.awt.Graphics
import java.awt.image.BufferedImage
import java.time.Instant
import java.util.Base64
import javax.imageio.ImageIO
import javax.swing.JComponent

fun allCards(stage: Stage, state: Cards.State) = Screen(stage, stage.words.myCards, tab = Tab.CARDS) {
    problem(state.problem)
    val cards = state.cards ?: return@Screen
    if (cards.isEmpty() && state.toCollect.isEmpty()) {
        space(72)
        add(Mark(Sign.CARDS, 88, look.brand, look.brandSoft))
        title(words.noCards, centred = true)
        add(Words(words.noCardsTodo, Type.body, look.quiet, centred = true))
        add(press(words.scanCode, sign = Sign.SCAN) { stage.app.scan() })
    } else {
        cards.forEach { card -> add(CardFace(card, words) { stage.app.card(card) }) }
        toCollect(state.toCollect)
    }
}

fun oneCard(stage: Stage, model: CardDetails, state: CardDetails.State) =
    Screen(stage, stage.words.of(state.card.label), back = stage.app::cards, tab = Tab.CARDS) {
        val card = state.card
        add(CardFace(card, words, null))
        standing(card)
        problem(state.problem)
        facts(card.claims.map { words.of(it.label) to shown(it) })
        facts(
            listOf(
                words.issuedBy to value(words.of(card.issuerName)),
                words.received to value(words.moment(card.received)),
            ),
        )
        if (state.sure) {
            notice(words.deleteSure, words.deleteMeans, Sign.WARN, look.bad)
            add(
                Row().apply {
                    +press(words.keep, Weight.EVEN) { model.keep() }
                    +press(words.delete, Weight.DANGER) { model.delete() }
                },
            )
        } else {
            add(press(words.delete, Weight.QUIET) { model.askToDelete() })
        }
    }

/** How a card stands, as of when, and what that means. */
private fun Parts.standing(card: Card) {
    val (sign, tone) = standing(look, card.state)
    val checked = asOf(card.state)?.let { words.asOf(words.moment(it)) }
    val meaning = words.meaning(card.state, words.of(card.issuerName))
    notice(words.word(card.state), listOfNotNull(meaning, checked).joinToString("\n"), sign, tone)
}

/** The time of what is known of a card; none where that does not matter, or nothing is. */
fun asOf(state: CardState): Instant? = when (state) {
    is CardState.Valid -> state.asOf
    is CardState.Suspended -> state.asOf
    is CardState.Revoked -> state.asOf
    is CardState.NotTrusted -> state.asOf
    is CardState.Expired -> null
    is CardState.Unknown -> state.last?.asOf
}

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
