package huizheng.app.swing

import huizheng.CardHolder
import huizheng.WaitedFor
import huizheng.app.model.Cards
import huizheng.app.model.checked
import huizheng.app.text.ago
import java.time.Instant

fun allCards(stage: Stage, model: Cards, state: Cards.State) = Screen(stage, stage.words.myCards, tab = Tab.CARDS) {
    problem(state.problem)
    for (label in state.notGiven) notice(words.notGiven(words.of(label)), words.notGivenTodo, Sign.CROSS, look.bad)
    val cards = state.cards ?: return@Screen
    if (state.isEmpty) {
        space(56)
        add(Mark(Sign.CARDS, 88, look.brand, look.brandSoft))
        title(words.noCards, centred = true)
        add(Words(words.noCardsTodo, Type.body, look.quiet, centred = true))
        add(press(words.scanCode, sign = Sign.SCAN) { stage.app.scan() })
        add(press(words.logIn, Weight.EVEN, Sign.BROWSER) { stage.app.logIn() })
        return@Screen
    }
    waiting(model, state)
    cards.checked?.let { checked(model, state, it) }
    for ((holder, its) in state.groups) {
        if (holder != null) whose(holder)
        its.forEach { card -> add(CardFace(card, words) { stage.app.card(card) }) }
    }
    toCollect(state.toCollect)
    add(press(words.logIn, Weight.QUIET, Sign.BROWSER) { stage.app.logIn() })
}

/** Whose the cards under it are, and of a firm by what she acts for it. */
private fun Parts.whose(holder: CardHolder) = add(
    Column(2).apply {
        +Words(holder.name.ifEmpty { words.nobodyNamed }, Type.strong, look.ink)
        if (holder.isCompany) +Words(if (holder.mandates.isEmpty()) words.ofCompany else words.byMandate, Type.small, look.quiet)
    },
)

/** How old what is known of all of them is: with no network it goes with what is shown. */
private fun Parts.checked(model: Cards, state: Cards.State, at: Instant) = add(
    Ends(
        Words(words.checkedAgo(words.ago(at, Instant.now())), Type.small, look.quiet),
        press(words.checkNow, Weight.QUIET, enabled = !state.busy) { model.check() },
    ),
)

/** Cards that are not there yet: whose decision it is, and when to ask again. */
private fun Parts.waiting(model: Cards, state: Cards.State) {
    if (state.waiting.isEmpty()) return
    // What one offer gives is given up together, and the forms of a card are decided together.
    for ((id, offered) in state.waiting.groupBy { it.id }) {
        val cards = offered.distinctBy { it.credential.kind }
        for (card in cards) add(beingDecided(card, state.isDue(card)))
        if (state.leaving == id) {
            val sure = words.giveUpSure(cards.map { words.of(it.credential.label) })
            sure(sure, words.giveUpMeans, words.keepWaiting, words.giveUp, !state.busy, model::keepWaiting) { model.giveUp(id) }
        } else {
            add(press(words.giveUp, Weight.QUIET, enabled = !state.busy) { model.askToGiveUp(id) })
        }
    }
    add(press(words.askAgain, Weight.EVEN, Sign.CLOCK, enabled = !state.busy && state.waiting.any(state::isDue)) { model.pickUp() })
}

private fun Parts.beingDecided(card: WaitedFor, isDue: Boolean) = Surface(look.surface, look.line, padding = 14).apply {
    val said = Column(4).apply {
        +Words("${words.of(card.credential.label)} · ${words.beingDecided}", Type.strong, look.ink)
        +Words(card.issuerCallsItself?.let(words::of) ?: card.issuerHost, Type.body, look.quiet)
        val next = card.askAfter
        +Words(if (isDue || next == null) words.askNow else words.askFrom(words.momentOrTime(next)), Type.small, look.quiet)
    }
    +Beside(Mark(Sign.CLOCK, 36, look.unsure.strong, look.unsure.soft), said)
}
