package huizheng.tests

import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.createTempDirectory
import kotlin.io.path.readLines
import kotlin.io.path.readText
import kotlin.io.path.writeLines
import kotlin.io.path.writeText

/** What a counter with no network asks. */
class Ask(val file: Path) {
    /** The texts of its QR codes. */
    val codes: List<String> = file.readLines()
}

/** What it makes of an answer. */
class OfflineDecision(val isAccepted: Boolean, val said: String)

/** A counter with no network, by the command `huizheng`: it has its keys, the chain's anchor and a camera. */
class OfflineCounter {
    private val folder = createTempDirectory("huizheng-counter")
    private val command = needed("HUIZHENG")
    private val keys = Path.of(needed("HUIZHENG_DATA"), "verifier", "keys", "counter")
    private val anchor = folder.resolve("anchor.json").also { it.writeText(Services.anchor) }

    /** Asks whoever stands there, or with a code printed for a place. */
    fun ask(purpose: String, query: String, place: String? = null): Ask {
        val asked = folder.resolve("query.json").also { it.writeText(query) }
        val forPlace = place?.let { listOf("--place", it) }.orEmpty()
        val (code, said) = huizheng(
            listOf("ask", "--keys", "$keys", "--did", Services.counterDid, "--purpose", purpose, "--query", "$asked") + forPlace,
        )
        check(code == 0) { said }
        return Ask(Files.createTempFile(folder, "ask", null).also { it.writeText(said) })
    }

    fun decide(ask: Ask, codes: List<String>): OfflineDecision {
        val answer = folder.resolve("answer").also { it.writeLines(codes) }
        val (code, said) = huizheng(listOf("--offline", "$answer", "--request", "${ask.file}", "--anchor", "$anchor"))
        // Accepted, refused, cannot tell; anything else is no decision.
        check(code in setOf(0, 3, 4)) { said }
        return OfflineDecision(code == 0, said)
    }

    private fun huizheng(arguments: List<String>): Pair<Int, String> {
        val said = folder.resolve("said")
        val process = ProcessBuilder(listOf(command, "verify") + arguments).redirectErrorStream(true).redirectOutput(said.toFile()).start()
        return process.waitFor() to said.readText()
    }

    private fun needed(name: String) = System.getenv(name) ?: error("$name is not set: the command, and the demo's folder")
}
