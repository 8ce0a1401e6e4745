import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

typealias Json = [String: Any]

/// The services as their clerks and applicants use them: plain JSON over HTTP, nothing of the wallet.
struct Services {
    let anchor: String
    let node: String
    /// The department that issues business licences.
    let licensing: Issuer
    /// The department that issues identity cards.
    let police: Issuer
    let counter: String
    /// What the counter is called where there is no network.
    let counterDid: String
    private let staff: String

    init() throws {
        guard let named = ProcessInfo.processInfo.environment["HUIZHENG_URLS"] else {
            throw Failure("HUIZHENG_URLS names no file: run `huizheng demo --headless --urls FILE`")
        }
        let urls = try parse(Data(contentsOf: URL(fileURLWithPath: named)))
        guard let chain = urls["chain"] as? Json, let issuers = urls["issuers"] as? Json,
              let licensing = issuers["market-supervision"] as? Json, let police = issuers["public-security"] as? Json,
              let counter = urls["verifier"] as? Json
        else { throw Failure("\(named) is not what the demo writes") }
        anchor = try String(decoding: JSONSerialization.data(withJSONObject: chain["anchor"] as Any), as: UTF8.self)
        node = chain["url"] as! String
        self.counter = counter["url"] as! String
        counterDid = counter["did"] as! String
        staff = urls["staff_token"] as! String
        self.licensing = Issuer(url: licensing["url"] as! String, staff: staff)
        self.police = Issuer(url: police["url"] as! String, staff: staff)
    }

    func ask(_ purpose: String, dcql: Json? = nil, transactions: [Json]? = nil) async throws -> (id: String, link: String) {
        var wish: Json = ["purpose": purpose]
        wish["dcql"] = dcql
        wish["transaction_data"] = transactions
        let asked = try await call("POST", counter + "/api/requests", staff, wish)
        return (asked["id"] as! String, asked["link"] as! String)
    }

    /// How the request stands, with the decision and its checks once it was answered.
    func read(_ request: String) async throws -> Json {
        try await call("GET", counter + "/api/requests/\(request)", staff)
    }
}

/// A department.
struct Issuer {
    let url: String
    fileprivate let staff: String

    func apply(_ type: String, _ claims: Json) async throws -> (id: String, secret: String) {
        let sent = try await call("POST", url + "/api/applications", nil, ["type": type, "claims": claims])
        return (sent["id"] as! String, sent["secret"] as! String)
    }

    func approve(_ application: String) async throws {
        _ = try await call("POST", url + "/api/applications/\(application)/approve", staff)
    }

    /// The link to scan and the code to enter, as the applicant sees them.
    func offer(_ application: (id: String, secret: String)) async throws -> (link: String, txCode: String) {
        let offer = try await call("GET", url + "/api/applications/\(application.id)/offer", application.secret)
        return (offer["offer_uri"] as! String, offer["tx_code"] as! String)
    }

    /// Everything that was issued on the application. Final when it returns.
    func revoke(_ application: String, _ reason: String) async throws {
        let found = try await call("GET", url + "/api/applications/\(application)", staff)
        for credential in (found["credentials"] as! [String: String]).values {
            _ = try await call("POST", url + "/api/credentials/\(credential)/revoke", staff, ["reason": reason])
        }
    }
}

private func call(_ method: String, _ url: String, _ token: String? = nil, _ body: Json? = nil) async throws -> Json {
    var request = URLRequest(url: URL(string: url)!)
    request.httpMethod = method
    request.setValue("application/json", forHTTPHeaderField: "accept")
    request.setValue("application/json", forHTTPHeaderField: "content-type")
    if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "authorization") }
    if let body { request.httpBody = try JSONSerialization.data(withJSONObject: body) }
    let (answer, response) = try await URLSession.shared.data(for: request)
    let status = (response as! HTTPURLResponse).statusCode
    guard (200 ... 299).contains(status) else { throw Failure("\(method) \(url): \(status): \(String(decoding: answer, as: UTF8.self))") }
    return (try? parse(answer)) ?? [:]
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

func parse(_ data: Data) throws -> Json {
    guard let json = try JSONSerialization.jsonObject(with: data) as? Json else { throw Failure("not an object") }
    return json
}

/// The ids of the checks that ended so.
func checks(_ read: Json, _ outcome: String) -> Set<String> {
    let checks = read["checks"] as? [Json] ?? []
    return Set(checks.filter { $0["outcome"] as? String == outcome }.compactMap { $0["id"] as? String })
}
