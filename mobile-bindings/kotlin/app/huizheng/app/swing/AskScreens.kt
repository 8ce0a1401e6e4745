package huizheng.app.swing

import huizheng.CardOption
import huizheng.Claim
import huizheng.ClaimKind
import huizheng.ConsentWarning
import huizheng.HolderLink
import huizheng.Question
import huizheng.app.model.Ask
import huizheng.app.model.asOf
import huizheng.app.text.explain
import huizheng.app.text.word

fun answering(stage: Stage, ask: Ask, state: Ask.State) = when (state) {
    is Ask.State.Looking -> waiting(stage, stage.words.askTitle, stage.words.checkingWhoAsks)
    is Ask.State.Asking -> consent(stage, ask, state)
    is Ask.State.Shared -> answered(stage, Sign.TICK, stage.look.good, stage.words.shared, stage.words.sharedLead(stage.words.of(state.verifier)))
    is Ask.State.Declined -> answered(stage, Sign.CROSS, stage.look.still, stage.words.declined, stage.words.declinedLead(stage.words.of(state.verifier)))
    is Ask.State.Failed -> failed(stage, stage.words.askTitle, state.problem)
}

/** Who asks, why, what leaves, what stays: all of it before either answer, and a no as easy as a yes. */
private fun consent(stage: Stage, ask: Ask, state: Ask.State.Asking) = Screen(stage, stage.words.askTitle) {
    val consent = state.consent
    add(
        Surface(look.surface, look.line, gap = 10).apply {
            +Words(words.of(consent.verifier.name), Type.large, look.ink)
            +Beside(Mark(Sign.SHIELD, 20, look.good.strong), Words(words.registered, Type.small, look.good.strong), gap = 8)
            +Words(words.asOf(words.moment(consent.verifier.asOf)), Type.small, look.quiet)
            +Space(9, look.line)
            +pair(words.purpose, words.of(consent.purposeName))
            +pair(words.basis, "${words.word(consent.legalBasis)} · ${words.of(consent.legalText)}")
            +pair(words.kept, words.keptFor(consent.retentionDays))
            +pair(words.sentTo, consent.verifier.host.ifEmpty { words.sentToNobody })
            consent.expires?.let { +pair(words.answerBy, words.moment(it)) }
        },
    )
    links(state.links.filterIsInstance<HolderLink.Together>())
    val (demanded, optional) = consent.questions.partition { !it.optional }
    for (question in demanded) question(ask, state, question)
    if (optional.isNotEmpty()) {
        val what = optional.joinToString(words.and) { words.of(it.label) }
        add(Switch(words.shareToo(what), state.isOptionalShared, look, enabled = !state.busy) { ask.shareOptional(!state.isOptionalShared) })
        quiet(if (state.isOptionalShared) words.isShared else words.isLeftOut)
        for (question in optional) question(ask, state, question)
    }
    bottom.add(
        Row().apply {
            +press(words.decline, Weight.EVEN, enabled = !state.busy) { ask.decline() }
            +press(words.agree, Weight.EVEN, enabled = !state.busy) { ask.agree() }
        },
    )
}

/** What answers a question, and what of it leaves; nothing of one that is left out. */
private fun Parts.question(ask: Ask, state: Ask.State.Asking, question: Question) {
    val chosen = state.chosen(question)
    if (chosen.isEmpty()) return
    if (question.multiple) several(ask, state, question)
    for (option in chosen) {
        from(option)
        if (!question.multiple) others(ask, question, option)
        warnings(option.warnings)
        leaves(option)
        stays(option)
    }
    links(state.links.filter { it is HolderLink.Reused && it.question == question.id })
}

/** A switch for each card, where several may answer together: the last one stays on. */
private fun Parts.several(ask: Ask, state: Ask.State.Asking, question: Question) {
    val cards = question.options.distinctBy { it.card }
    if (cards.size < 2) return
    quiet(words.severalMay)
    val chosen = state.chosen(question)
    for (card in cards) {
        val isOn = chosen.any { it.card == card.card }
        val option = chosen.find { it.card == card.card } ?: card
        val isFree = !state.busy && !(isOn && chosen.size == 1)
        add(Switch("${words.of(card.label)} · ${card.holderLine}", isOn, look, isFree) { ask.alsoBy(question, option, !isOn) })
    }
}

private fun Parts.pair(name: String, value: String) = Column(0).apply {
    +Words(name, Type.small, look.quiet)
    +Words(value, Type.body, look.ink)
}

/** Which card it would be, and how that stands. */
private fun Parts.from(chosen: CardOption) {
    quiet("${words.fromCard} · ${words.of(chosen.label)} · ${chosen.holderLine}")
    val checked = chosen.state.asOf?.let { words.asOf(words.moment(it)) }
    add(Words(listOfNotNull(words.word(chosen.state), checked).joinToString(" · "), Type.small, look.quiet))
}

/** Other cards that would do. The same card in another form is another option, and told apart by its warnings. */
private fun Parts.others(ask: Ask, question: Question, chosen: CardOption) {
    val others = question.options.filter { it.card != chosen.card }.distinctBy { it.card }
    for (option in others) {
        add(press("${words.of(option.label)} · ${option.holderLine}", Weight.EVEN) { ask.choose(question, option) })
    }
}

/** That another has seen the copy, its link says more exactly. */
private fun Parts.warnings(warnings: List<ConsentWarning>) {
    for (warning in warnings - ConsentWarning.SEEN_BY_ANOTHER) notice(words.explain(warning), null, Sign.WARN, look.unsure)
}

private fun Parts.links(links: List<HolderLink>) {
    for (link in links) notice(words.explain(link), null, Sign.WARN, look.unsure)
}

private fun Parts.leaves(option: CardOption) = add(
    Surface(look.surface, look.brand, gap = 12).apply {
        +Beside(Mark(Sign.LEAVES, 22, look.brand), Words(words.leaves(option.leaves.size), Type.strong, look.brand), gap = 8)
        for (claim in option.leaves) {
            +Column(0).apply {
                +Words(words.of(claim.label), Type.small, look.quiet)
                +strong(claim)
            }
        }
    },
)

/** What leaves is to be seen exactly. */
private fun Parts.strong(claim: Claim) = if (claim.kind == ClaimKind.IMAGE) shown(claim) else Words(words.of(claim.text), Type.strong, look.ink)

private fun Parts.stays(option: CardOption) {
    if (option.stays.isEmpty()) return
    add(
        Surface(look.paper, look.line, gap = 6).apply {
            +Beside(Mark(Sign.LOCK, 20, look.quiet), Words(words.stays(option.stays.size), Type.strong, look.quiet), gap = 10)
            +Words(option.stays.joinToString(words.and) { words.of(it.label) }, Type.body, look.quiet)
        },
    )
}

private fun answered(stage: Stage, sign: Sign, tone: Tone, title: String, text: String) = Screen(stage, stage.words.askTitle) {
    outcome(sign, tone, title, text)
    bottom.add(press(words.seeCards) { stage.app.cards() })
}
