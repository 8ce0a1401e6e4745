package huizheng.tests

import huizheng.CancelHandle

private const val ROUNDS = 25
private const val CALLS = 20_000

/** What one call through the Kotlin binding costs, in µs: the middle of many rounds, as a line of JSON. */
fun main() = CancelHandle().use { handle ->
    // It answers from memory and takes no lock that anybody else holds: what is measured is the crossing.
    fun round(): Double {
        val began = System.nanoTime()
        repeat(CALLS) { handle.isCancelled() }
        return (System.nanoTime() - began) / 1e3 / CALLS
    }
    repeat(5) { round() } // for the JVM to compile it
    val middle = List(ROUNDS) { round() }.sorted()[ROUNDS / 2]
    println("""{"name": "call/kotlin_us", "value": ${"%.3f".format(java.util.Locale.ROOT, middle)}, "unit": "us"}""")
}
