/// Applications of nobody, approved.
extension Services {
    /// An approved application for a business licence. Everything in it is invented.
    func approvedLicence() async throws -> (id: String, secret: String) {
        let application = try await licensing.apply("business-licence", [
            "name": "合肥徽光软件有限公司", "creditCode": "91340100MA8HUE6K0R", "companyType": "有限责任公司（自然人投资或控股）",
            "legalRepresentative": "程知夏", "registeredCapital": 500_000_000, "established": "2021-06-18",
            "address": "安徽省合肥市高新区示例大道100号创新园B座9层", "businessScope": "软件开发；信息系统集成服务", "term": "long-term",
            "registrationAuthority": "合肥市市场监督管理局",
            "licenceIdentifier": "1.2.156.3005.2.11100000MB0143028R001.11340100MB1HUE0MXJ.2026AH01000086.001.C",
        ])
        try await licensing.approve(application.id)
        return application
    }

    /// An approved application for an identity card of nobody, with one grey point for a picture.
    func approvedId() async throws -> (id: String, secret: String) {
        let application = try await police.apply("digital-id", [
            "name": "程知夏", "sex": "female", "ethnicity": "汉族", "birthDate": "1988-03-21", "idNumber": "34010219880321214X",
            "address": "安徽省合肥市蜀山区示例路86号3幢1202室", "issuingAuthority": "合肥市公安局蜀山分局",
            "portrait": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==",
        ])
        try await police.approve(application.id)
        return application
    }
}
