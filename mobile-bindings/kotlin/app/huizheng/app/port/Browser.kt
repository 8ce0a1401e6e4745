package huizheng.app.port

/**
 * The device's own browser: on Android `CustomTabsIntent.Builder().build().launchUrl(context, uri)`. Never a view inside the app, which could
 * read what is typed into it (RFC 8252 §8.12). It comes back by the wallet's redirect URI, which the app takes: on Android an intent filter for
 * its scheme, whose intents go to `App.open`.
 */
fun interface Browser {
    fun open(address: String)
}
