package huizheng.jvm

import huizheng.HttpClient
import huizheng.HttpException
import huizheng.HttpHeader
import huizheng.HttpMethod
import huizheng.HttpRequest
import huizheng.HttpResponse
import java.io.IOException
import java.io.InputStream
import java.net.URI
import java.net.http.HttpClient.Redirect
import java.net.http.HttpClient.Version
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CompletionException
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.runInterruptible
import kotlinx.coroutines.suspendCancellableCoroutine

/**
 * The wallet's way to the network on a JVM: no redirects, no cookies, bounded answers, certificates checked. On Android, see
 * `UrlConnectionHttpClient`.
 */
class JvmHttpClient : HttpClient {
    // Neither a cookie handler nor a proxy's credentials are set: it has none. It never sends a POST twice by itself.
    private val client = java.net.http.HttpClient.newBuilder()
        .version(Version.HTTP_1_1)
        .followRedirects(Redirect.NEVER)
        .connectTimeout(PATIENCE)
        .build()

    override suspend fun send(request: HttpRequest): HttpResponse = try {
        val answer = client.sendAsync(outgoing(request), BodyHandlers.ofInputStream()).await()
        val headers = answer.headers().map().flatMap { (name, values) -> values.map { HttpHeader(name, it) } }
        val body = runInterruptible(Dispatchers.IO) { answer.body().use { bounded(it, request.answerLimit) } }
        HttpResponse(answer.statusCode().toUShort(), headers, body)
    } catch (_: IOException) {
        throw HttpException.Unreachable()
    } catch (_: IllegalArgumentException) { // an address that this client takes for none
        throw HttpException.Unreachable()
    }

    private fun outgoing(request: HttpRequest): java.net.http.HttpRequest {
        val outgoing = java.net.http.HttpRequest.newBuilder(URI.create(request.url)).timeout(PATIENCE)
        request.headers.forEach { outgoing.header(it.name, it.value) }
        return when (request.method) {
            HttpMethod.GET -> outgoing.GET()
            HttpMethod.POST -> outgoing.POST(BodyPublishers.ofByteArray(request.body))
        }.build()
    }

    private fun bounded(answer: InputStream, limit: ULong): ByteArray {
        val most = limit.coerceAtMost(Int.MAX_VALUE.toULong() - 1u).toInt()
        val body = answer.readNBytes(most + 1)
        if (body.size > most) throw HttpException.TooLarge()
        return body
    }

    private companion object {
        val PATIENCE: Duration = Duration.ofSeconds(30)
    }
}

/** Its result; when the coroutine is cancelled, so is the request. */
private suspend fun <T> CompletableFuture<T>.await(): T = suspendCancellableCoroutine { waiting ->
    whenComplete { value, error ->
        when (error) {
            null -> waiting.resume(value)
            is CompletionException -> waiting.resumeWithException(error.cause ?: error)
            else -> waiting.resumeWithException(error)
        }
    }
    waiting.invokeOnCancellation { cancel(true) }
}
