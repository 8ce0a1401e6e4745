package huizheng.device

import huizheng.HttpClient
import huizheng.HttpException
import huizheng.HttpHeader
import huizheng.HttpMethod
import huizheng.HttpRequest
import huizheng.HttpResponse
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.URL
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/**
 * The wallet's way to the network by what Android has: no redirects, no cookies, no cache, bounded answers, certificates
 * checked. Its app must set no `CookieHandler`, no `Authenticator` and no `HttpResponseCache` for the whole process.
 */
class UrlConnectionHttpClient : HttpClient {
    override suspend fun send(request: HttpRequest): HttpResponse = coroutineScope {
        val connection = open(request.url)
        var whole = false
        // Blocking I/O does not notice cancellation: ending the connection does. What was not read to its end is ended too, and
        // only a connection that was may serve again.
        val ending = launch(Dispatchers.IO, CoroutineStart.UNDISPATCHED) {
            try {
                awaitCancellation()
            } finally {
                if (!whole) connection.disconnect()
            }
        }
        try {
            withContext(Dispatchers.IO) { exchange(connection, request) }.also { whole = true }
        } catch (failure: Exception) {
            // Whoever was cancelled hears of that, and of nothing else: a connection that ends under its reader throws whatever it trips over.
            ensureActive()
            throw if (failure is IOException) HttpException.Unreachable() else failure
        } finally {
            ending.cancel()
        }
    }

    private fun open(url: String): HttpURLConnection = try {
        URL(url).openConnection() as HttpURLConnection
    } catch (_: IOException) {
        throw HttpException.Unreachable()
    }

    private fun exchange(connection: HttpURLConnection, request: HttpRequest): HttpResponse {
        connection.instanceFollowRedirects = false
        connection.useCaches = false
        connection.connectTimeout = PATIENCE_MILLIS
        connection.readTimeout = PATIENCE_MILLIS
        request.headers.forEach { connection.setRequestProperty(it.name, it.value) }
        if (request.method == HttpMethod.POST) {
            connection.requestMethod = "POST"
            connection.doOutput = true
            // A body of a fixed length is never sent a second time behind the wallet's back.
            connection.setFixedLengthStreamingMode(request.body.size)
            connection.outputStream.use { it.write(request.body) }
        }
        val status = connection.responseCode
        val stream = if (status >= 400) connection.errorStream else connection.inputStream
        // Closed by reading it to its end; one that is too long takes its connection with it.
        val body = stream?.let { bounded(it, request.answerLimit) } ?: ByteArray(0)
        val headers = connection.headerFields.filterKeys { it != null }
            .flatMap { (name, values) -> values.map { HttpHeader(name, it) } }
        return HttpResponse(status.toUShort(), headers, body)
    }

    private fun bounded(answer: InputStream, limit: ULong): ByteArray {
        val body = ByteArrayOutputStream()
        val part = ByteArray(8192)
        while (true) {
            val read = answer.read(part)
            if (read < 0) return body.toByteArray()
            body.write(part, 0, read)
            if (body.size().toULong() > limit) throw HttpException.TooLarge()
        }
    }

    private companion object {
        const val PATIENCE_MILLIS = 30_000
    }
}
