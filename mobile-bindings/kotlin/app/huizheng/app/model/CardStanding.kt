package huizheng.app.model

import huizheng.Card
import huizheng.CardState
import java.time.Duration
import java.time.Instant

/** The time of what is known of a card; none where that does not matter, or nothing is. */
val CardState.asOf: Instant?
    get() = when (this) {
        is CardState.Valid -> asOf
        is CardState.Suspended -> asOf
        is CardState.Revoked -> asOf
        is CardState.NotTrusted -> asOf
        is CardState.Expired, is CardState.Damaged -> null
        is CardState.Unknown -> last?.asOf
    }

/** The card does not count any more, and never will. */
val CardState.isOver: Boolean
    get() = when (this) {
        is CardState.Revoked, is CardState.Expired, is CardState.NotTrusted, is CardState.Damaged -> true
        is CardState.Valid, is CardState.Suspended, is CardState.Unknown -> false
    }

/** Since when everything that is known of these cards is known at least: what a card that is shown with no network goes by. */
val List<Card>.checked: Instant? get() = mapNotNull { it.state.asOf }.minOrNull()

/** Whether its holder should think of a new one now. */
fun Card.runsOut(now: Instant): Boolean = !state.isOver && validUntil?.let { it < now + NOTICE } == true

/** An issuer's counter is not open every day, and some cards are sent back once. */
private val NOTICE: Duration = Duration.ofDays(60)
