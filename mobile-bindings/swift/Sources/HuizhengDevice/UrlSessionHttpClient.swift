import Foundation
import Huizheng
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The wallet's way to the network: no redirects, no cookies, no cache, bounded answers, certificates checked.
public final class UrlSessionHttpClient: HttpClient {
    private static let exchanges = Exchanges()
    /// One for all clients: what nobody invalidates keeps itself and its delegate for ever.
    private static let session: URLSession = {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        configuration.urlCredentialStorage = nil
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.timeoutIntervalForRequest = 30
        return URLSession(configuration: configuration, delegate: exchanges, delegateQueue: nil)
    }()

    public init() {}

    public func send(request: HttpRequest) async throws -> HttpResponse {
        guard let url = URL(string: request.url) else { throw HttpError.Unreachable }
        var outgoing = URLRequest(url: url)
        for header in request.headers { outgoing.setValue(header.value, forHTTPHeaderField: header.name) }
        if request.method == .post {
            outgoing.httpMethod = "POST"
            outgoing.httpBody = request.body
        }
        return try await Self.exchanges.answer(to: Self.session.dataTask(with: outgoing), limit: request.answerLimit)
    }
}

/// The requests that wait for their answers.
private final class Exchanges: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let lock = NSLock()
    private var waiting: [Int: Waiting] = [:]

    /// One request that waits for its answer.
    private struct Waiting {
        let limit: UInt64
        let answer: CheckedContinuation<HttpResponse, Error>
        var body = Data()
    }

    func answer(to task: URLSessionDataTask, limit: UInt64) async throws -> HttpResponse {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { answer in
                keep(task, Waiting(limit: limit, answer: answer))
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
    }

    func urlSession(
        _: URLSession, task _: URLSessionTask, willPerformHTTPRedirection _: HTTPURLResponse, newRequest _: URLRequest,
        completionHandler: @escaping (URLRequest?) -> Void
    ) {
        completionHandler(nil) // whoever is asked must answer
    }

    func urlSession(_: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let tooLarge: Waiting? = locked {
            guard var one = waiting[dataTask.taskIdentifier] else { return nil }
            one.body.append(data)
            let over = UInt64(one.body.count) > one.limit
            waiting[dataTask.taskIdentifier] = over ? nil : one
            return over ? one : nil
        }
        guard let tooLarge else { return }
        dataTask.cancel()
        tooLarge.answer.resume(throwing: HttpError.TooLarge)
    }

    func urlSession(_: URLSession, task: URLSessionTask, didCompleteWithError error: Error?) {
        guard let one = locked({ waiting.removeValue(forKey: task.taskIdentifier) }) else { return }
        if let error {
            let cancelled = (error as? URLError)?.code == .cancelled
            one.answer.resume(throwing: cancelled ? HttpError.Cancelled : HttpError.Unreachable)
        } else if let response = task.response as? HTTPURLResponse, let status = UInt16(exactly: response.statusCode) {
            let headers = response.allHeaderFields.map { HttpHeader(name: "\($0.key)", value: "\($0.value)") }
            one.answer.resume(returning: HttpResponse(status: status, headers: headers, body: one.body))
        } else {
            one.answer.resume(throwing: HttpError.Unreachable)
        }
    }

    private func keep(_ task: URLSessionTask, _ one: Waiting) {
        locked { waiting[task.taskIdentifier] = one }
    }

    private func locked<T>(_ work: () -> T) -> T {
        lock.lock()
        defer { lock.unlock() }
        return work()
    }
}
