package huizheng.tests

import com.sun.jna.Native
import huizheng.CancelHandle
import java.util.Locale

private const val ROUNDS = 25
private const val CALLS = 20_000

/** The C library, called as the binding calls: by JNA's direct mapping. */
private object C {
    init {
        Native.register(C::class.java, "c")
    }

    @JvmStatic
    external fun abs(number: Int): Int
}

/** The middle of many rounds, in µs. */
private fun callUs(call: () -> Unit): Double {
    fun round(): Double {
        val began = System.nanoTime()
        repeat(CALLS) { call() }
        return (System.nanoTime() - began) / 1e3 / CALLS
    }
    repeat(5) { round() } // for the JVM to compile it
    return List(ROUNDS) { round() }.sorted()[ROUNDS / 2]
}

/** What one call through the Kotlin binding costs, in µs, as a line of JSON. Its floor: a call of the C library's `abs`. */
fun main() = CancelHandle().use { handle ->
    val floor = callUs { C.abs(-1) }
    // It answers from memory and takes no lock that anybody else holds: what is measured is the crossing.
    val value = callUs { handle.isCancelled() }
    val line = """{"name": "call/kotlin_us", "value": %.3f, "unit": "us", "floor": %.3f, "ratio": %.3f}"""
    println(line.format(Locale.ROOT, value, floor, value / floor))
}
