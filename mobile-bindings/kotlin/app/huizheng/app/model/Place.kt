package huizheng.app.model

import huizheng.KeyProtection

/** Where in the app the holder is, with what that screen shows and does. */
sealed interface Place {
    data object Starting : Place

    class Locked(val lock: Lock) : Place

    class Recovering(val recover: Recover) : Place

    class Forgetting(val pin: ForgottenPin) : Place

    class Restoring(val restore: Restore) : Place

    class AllCards(val cards: Cards) : Place

    class OneCard(val details: CardDetails) : Place

    class Scanning(val scan: Scan) : Place

    class Receiving(val receive: Receive) : Place

    class LoggingIn(val logIn: LogIn) : Place

    class Collecting(val collect: Collect) : Place

    class Answering(val ask: Ask) : Place

    class Showing(val code: ShowCode) : Place

    class Log(val history: History) : Place

    class OneEntry(val details: EntryDetails) : Place

    class Complaining(val complain: Complain) : Place

    class BackingUp(val backUp: BackUp) : Place

    /** @param hasFinger whether there is a face or a finger to unlock by */
    class More(val protection: KeyProtection, val hasFinger: Boolean) : Place

    class Unlocking(val unlocking: huizheng.app.model.Unlocking) : Place

    class ChoosingPin(val pin: NewPin) : Place

    class OwnData(val data: YourData) : Place
}
