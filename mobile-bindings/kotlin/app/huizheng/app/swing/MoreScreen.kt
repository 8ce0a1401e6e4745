package huizheng.app.swing

import huizheng.KeyProtection

fun more(stage: Stage, kept: KeyProtection, hasFinger: Boolean) = Screen(stage, stage.words.more, tab = Tab.MORE) {
    label(words.keys)
    add(Surface(look.surface, look.line).apply { +protection(stage, kept) })
    label(words.unlocking)
    if (hasFinger) add(press(words.byFinger, Weight.EVEN, Sign.FINGER) { stage.app.unlocking() })
    add(press(words.changePin, Weight.EVEN, Sign.LOCK) { stage.app.newPin() })
    label(words.ownData)
    add(press(words.exportOrErase, Weight.EVEN, Sign.PERSON) { stage.app.ownData() })
    label(words.backup)
    add(press(words.backUpNow, Weight.EVEN, Sign.FILE) { stage.app.backUp() })
    label(words.appearance)
    add(
        Row().apply {
            +press(words.light, if (look.isDark) Weight.EVEN else Weight.FIRST) { stage.appearance.wear(Look.Light) }
            +press(words.dark, if (look.isDark) Weight.FIRST else Weight.EVEN) { stage.appearance.wear(Look.Dark) }
        },
    )
    label(words.language)
    add(press(words.otherName, Weight.EVEN) { stage.appearance.speak(words.other) })
    space(8)
    add(press(words.lock, Weight.EVEN, Sign.LOCK) { stage.app.lock() })
    add(Words(words.lockMeans, Type.small, look.quiet, centred = true))
}
