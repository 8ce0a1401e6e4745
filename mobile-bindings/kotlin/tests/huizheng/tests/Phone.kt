package huizheng.tests

import huizheng.Biometrics
import huizheng.Clock
import huizheng.HolderKeyStore
import huizheng.HttpClient
import huizheng.HttpException
import huizheng.HttpRequest
import huizheng.HttpResponse
import huizheng.RestoredWallet
import huizheng.Wallet
import huizheng.WalletConfig
import huizheng.eraseLockedWallet
import huizheng.jvm.JvmHttpClient
import huizheng.jvm.SoftwareKeyStore
import huizheng.restoreWallet
import huizheng.walletExists
import java.nio.file.Files
import java.nio.file.Path

const val PIN = "135790"

/** A phone: a folder for the wallet, keys, a network, and what its app was shipped with. */
class Phone(
    val folder: Path = Files.createTempDirectory("huizheng-phone").also { it.toFile().deleteOnExit() },
    val http: HttpClient = JvmHttpClient(),
    val clock: Clock? = null,
    private val biometrics: Biometrics? = null,
    private val config: WalletConfig = WalletConfig(Services.anchor, Services.node),
) {
    private val wallet = folder.resolve("wallet").toString()
    private val keys: HolderKeyStore = SoftwareKeyStore(folder.resolve("keys"))

    suspend fun create(pin: String = PIN): Wallet = Wallet.create(wallet, pin, config, keys, http, clock, biometrics)

    suspend fun open(pin: String = PIN): Wallet = Wallet.open(wallet, pin, config, keys, http, clock, biometrics)

    suspend fun openByBiometrics(biometrics: Biometrics): Wallet = Wallet.openByBiometrics(wallet, config, keys, http, biometrics, clock)

    suspend fun restore(backup: ByteArray, passphrase: String, pin: String = PIN): RestoredWallet =
        restoreWallet(wallet, pin, config, keys, http, backup, passphrase, clock)

    fun hasWallet() = walletExists(wallet)

    suspend fun eraseLocked() = eraseLockedWallet(wallet)

    /** The same phone where there is no network. */
    fun withNoNetwork() = Phone(folder, NoNetwork, clock)
}

/** A network where there is none. */
object NoNetwork : HttpClient {
    override suspend fun send(request: HttpRequest): HttpResponse = throw HttpException.Unreachable()
}

/** An approved application for an identity card of nobody. */
fun approvedId(): Application = appliedForId().also(Services.police::approve)

/** An application for one that nobody has decided yet. */
fun appliedForId(): Application {
    val claims = mapOf(
        "name" to "程知夏", "sex" to "female", "ethnicity" to "汉族", "birthDate" to "1988-03-21", "idNumber" to "34010219880321214X",
        "address" to "安徽省合肥市蜀山区示例路86号3幢1202室", "issuingAuthority" to "合肥市公安局蜀山分局", "portrait" to PORTRAIT,
    )
    return Services.police.apply("digital-id", claims)
}

/** The same by the demo's second citizen, who has none before. */
fun appliedForFirstId(): Application {
    val claims = mapOf(
        "name" to SECOND_CITIZEN, "sex" to "female", "ethnicity" to "汉族", "birthDate" to "1949-12-31", "idNumber" to "11010519491231002X",
        "address" to "安徽省合肥市蜀山区示例路87号", "issuingAuthority" to "合肥市公安局蜀山分局", "portrait" to PORTRAIT,
    )
    return Services.police.apply("digital-id", claims)
}

/** Invented, as everybody in the demo. */
const val SECOND_CITIZEN = "王若林"

/** A picture of nobody: one grey point. */
private const val PORTRAIT =
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg=="

/** An approved application for a business licence. Everything in it is invented. */
fun approvedLicence(): Application {
    val claims = mapOf(
        "name" to "合肥徽光软件有限公司",
        "creditCode" to "91340100MA8HUE6K0R",
        "companyType" to "有限责任公司（自然人投资或控股）",
        "legalRepresentative" to "程知夏",
        "registeredCapital" to 500_000_000,
        "established" to "2021-06-18",
        "address" to "安徽省合肥市高新区示例大道100号创新园B座9层",
        "businessScope" to "软件开发；信息系统集成服务",
        "term" to "long-term",
        "registrationAuthority" to "合肥市市场监督管理局",
        "licenceIdentifier" to "1.2.156.3005.2.11100000MB0143028R001.11340100MB1HUE0MXJ.2026AH01000086.001.C",
    )
    return Services.licensing.apply("business-licence", claims).also(Services.licensing::approve)
}
