package huizheng.tests

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers

/** The services as their clerks and applicants use them: plain JSON over HTTP, nothing of the wallet. */
object Services {
    private val urls: JsonObject by lazy {
        val named = System.getenv("HUIZHENG_URLS") ?: error("HUIZHENG_URLS names no file: run `huizheng demo --headless --urls FILE`")
        JsonParser.parseString(File(named).readText()).asJsonObject
    }
    private val chain get() = urls["chain"].asJsonObject
    private val staff: String get() = urls["staff_token"].asString
    val anchor: String get() = chain["anchor"].toString()
    val node: String get() = chain["url"].asString

    /** The department that issues business licences. */
    val licensing by lazy { issuer("market-supervision") }

    /** The department that issues identity cards. */
    val police by lazy { issuer("public-security") }
    val counter by lazy { Counter(urls["verifier"].asJsonObject["url"].asString, staff) }

    /** The counter's DID: what it is called where there is no network. */
    val counterDid: String get() = urls["verifier"].asJsonObject["did"].asString

    private fun issuer(name: String) = Issuer(urls["issuers"].asJsonObject[name].asJsonObject["url"].asString, staff)
}

class Application(val id: String, val secret: String)

class Letter(val link: String, val txCode: String)

/** A department. */
class Issuer(val url: String, private val staff: String) {
    fun apply(type: String, claims: Map<String, Any>): Application {
        val sent = call("POST", "$url/api/applications", null, json("type" to type, "claims" to claims))
        return Application(sent.text("id"), sent.text("secret"))
    }

    fun approve(application: Application) {
        call("POST", "$url/api/applications/${application.id}/approve", staff)
    }

    fun reject(application: Application, reason: String) {
        call("POST", "$url/api/applications/${application.id}/reject", staff, json("reason" to reason))
    }

    /** The link to scan and the code to enter, as the applicant sees them. */
    fun offer(application: Application): Letter {
        val offer = call("GET", "$url/api/applications/${application.id}/offer", application.secret)
        return Letter(offer.text("offer_uri"), offer.text("tx_code"))
    }

    /** Everything that was issued on the application. Final when it returns. */
    fun revoke(application: Application, reason: String) {
        val found = call("GET", "$url/api/applications/${application.id}", staff)
        for (credential in found["credentials"].asJsonObject.asMap().values) {
            call("POST", "$url/api/credentials/${credential.asString}/revoke", staff, json("reason" to reason))
        }
    }
}

class Request(val id: String, val link: String)

/** A verifier. */
class Counter(private val url: String, private val staff: String) {
    fun ask(purpose: String, dcql: String? = null, transactions: String? = null): Request {
        val wish = json("purpose" to purpose)
        dcql?.let { wish.add("dcql", JsonParser.parseString(it)) }
        transactions?.let { wish.add("transaction_data", JsonParser.parseString(it)) }
        val asked = call("POST", "$url/api/requests", staff, wish)
        return Request(asked.text("id"), asked.text("link"))
    }

    /** How the request stands, with the decision and its checks once it was answered. */
    fun read(request: Request): Outcome = Outcome(call("GET", "$url/api/requests/${request.id}", staff))
}

class Outcome(private val read: JsonObject) {
    val state get() = read.text("state")
    val decision: String? get() = read["decision"]?.takeUnless(JsonElement::isJsonNull)?.asString
    val claims: List<JsonObject> get() = read["claims"].asJsonObject.entrySet().map { it.value.asJsonObject }

    /** The ids of the checks that ended so. */
    fun checks(outcome: String): Set<String> =
        read["checks"].asJsonArray.map { it.asJsonObject }.filter { it.text("outcome") == outcome }.map { it.text("id") }.toSet()

    override fun toString() = read.toString()
}

private val client: HttpClient = HttpClient.newHttpClient()

private fun call(method: String, url: String, token: String? = null, body: JsonObject? = null): JsonObject {
    val request = HttpRequest.newBuilder(URI.create(url))
        .header("accept", "application/json").header("content-type", "application/json")
        .method(method, body?.let { BodyPublishers.ofString(it.toString()) } ?: BodyPublishers.noBody())
    token?.let { request.header("authorization", "Bearer $it") }
    val answer = client.send(request.build(), BodyHandlers.ofString())
    check(answer.statusCode() in 200..299) { "$method $url: ${answer.statusCode()}: ${answer.body()}" }
    return answer.body().takeIf { it.startsWith("{") }?.let { JsonParser.parseString(it).asJsonObject } ?: JsonObject()
}

private fun json(vararg members: Pair<String, Any>): JsonObject =
    com.google.gson.Gson().toJsonTree(mapOf(*members)).asJsonObject

private fun JsonObject.text(name: String): String = this[name].asString
