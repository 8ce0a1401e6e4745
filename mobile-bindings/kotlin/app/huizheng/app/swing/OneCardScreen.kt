package huizheng.app.swing

import huizheng.Card
import huizheng.app.model.CardDetails
import huizheng.app.model.asOf
import huizheng.app.text.meaning
import huizheng.app.text.word

fun oneCard(stage: Stage, model: CardDetails, state: CardDetails.State) =
    Screen(stage, stage.words.of(state.card.label), back = stage.app::cards, tab = Tab.CARDS) {
        val card = state.card
        add(CardFace(card, words, null))
        if (state.renewed) notice(words.renewed, words.renewedMeans, Sign.TICK, look.good)
        standing(card)
        problem(state.problem)
        renewing(model, state)
        facts(card.claims.map { words.of(it.label) to shown(it) })
        facts(
            listOf(
                words.issuedBy to value(words.of(card.issuerName)),
                words.received to value(words.moment(card.received)),
            ),
        )
        if (state.sure) {
            sure(words.deleteSure, words.deleteMeans, words.keep, words.delete, !state.busy, model::keep, model::delete)
        } else {
            add(press(words.delete, Weight.QUIET, enabled = !state.busy) { model.askToDelete() })
        }
    }

/** A new one before this one runs out: by itself where its issuer allows that, otherwise where it came from. */
private fun Parts.renewing(model: CardDetails, state: CardDetails.State) {
    val until = state.card.validUntil
    if (state.runsOut && until != null) {
        val todo = if (state.isRenewable) words.renewMeans else words.renewElsewhere(words.of(state.card.issuerName))
        notice(words.runsOut(words.day(until)), todo, Sign.CLOCK, look.unsure)
    }
    if (state.isRenewable) {
        val weight = if (state.runsOut) Weight.FIRST else Weight.EVEN
        add(press(if (state.busy) words.renewing else words.renew, weight, Sign.AGAIN, enabled = !state.busy) { model.renew() })
    }
}

/** How a card stands, as of when, and what that means. */
private fun Parts.standing(card: Card) {
    val (sign, tone) = standing(look, card.state)
    val checked = card.state.asOf?.let { words.asOf(words.moment(it)) }
    val meaning = words.meaning(card.state, words.of(card.issuerName))
    notice(words.word(card.state), listOfNotNull(meaning, checked).joinToString("\n"), sign, tone)
}
