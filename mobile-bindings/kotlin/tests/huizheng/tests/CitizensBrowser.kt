package huizheng.tests

import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers

private val CSRF = Regex("name=\"csrf\" value=\"([^\"]+)\"")

/** A holder's browser at an issuer: logs in as one of the demo's citizens, by her number, agrees, and is sent to where this says. */
fun logInAsACitizen(address: String, citizen: Int): String {
    val client = HttpClient.newHttpClient()
    var cookie = ""

    fun ask(url: URI, vararg form: Pair<String, String>): HttpResponse<String> {
        val request = HttpRequest.newBuilder(url).header("accept", "text/html")
        if (cookie.isNotEmpty()) request.header("cookie", cookie)
        if (form.isNotEmpty()) {
            val sent = form.joinToString("&") { (name, value) -> "$name=${URLEncoder.encode(value, Charsets.UTF_8)}" }
            request.header("content-type", "application/x-www-form-urlencoded").POST(BodyPublishers.ofString(sent))
        }
        return client.send(request.build(), BodyHandlers.ofString()).also { answer ->
            answer.headers().firstValue("set-cookie").ifPresent { cookie = it.substringBefore(';') }
        }
    }

    fun HttpResponse<String>.sentTo() = headers().firstValue("location").orElseThrow { AssertionError("${uri()}: ${statusCode()}: ${body()}") }
    var to = ask(URI.create(address)).sentTo()
    for (answer in listOf("citizen" to "$citizen", "decision" to "agree")) {
        val page = URI.create(address).resolve(to)
        val form = ask(page)
        val csrf = CSRF.find(form.body())?.groupValues?.get(1) ?: throw AssertionError("$page: ${form.statusCode()}: ${form.body()}")
        to = ask(page, "csrf" to csrf, answer).sentTo()
    }
    return to
}
