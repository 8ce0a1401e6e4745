package huizheng.device

import java.math.BigInteger
import java.security.PublicKey

/** P-256 as the wallet takes it, from what Java's and Android's key stores give. */
object Ecdsa {
    private const val SIDE = 32
    private const val POINT = 2 * SIDE + 1

    /**
     * A signature in DER (`SHA256withECDSA`: 30 len 02 len r 02 len s) as raw `r ‖ s`, 32 bytes each.
     *
     * @throws IllegalArgumentException when it is none
     */
    fun raw(der: ByteArray): ByteArray {
        require(der.size in 8..72 && der[0].toInt() == 0x30 && der[1].toInt() == der.size - 2) { "no signature in DER" }
        val (r, after) = integer(der, 2)
        val (s, end) = integer(der, after)
        require(end == der.size) { "no signature in DER" }
        return fixed(r) + fixed(s)
    }

    /** The point behind a P-256 public key, uncompressed (SEC 1): the end of its SPKI form. */
    fun point(key: PublicKey): ByteArray = key.encoded.copyOfRange(key.encoded.size - POINT, key.encoded.size)

    private fun integer(der: ByteArray, at: Int): Pair<BigInteger, Int> {
        require(at + 2 < der.size && der[at].toInt() == 0x02) { "no signature in DER" }
        val end = at + 2 + der[at + 1]
        require(der[at + 1] > 0 && end <= der.size) { "no signature in DER" }
        return BigInteger(der.copyOfRange(at + 2, end)) to end
    }

    private fun fixed(number: BigInteger): ByteArray {
        require(number.signum() > 0 && number.bitLength() <= 8 * SIDE) { "no signature of P-256" }
        val bytes = number.toByteArray().let { if (it.size > SIDE) it.copyOfRange(it.size - SIDE, it.size) else it }
        return ByteArray(SIDE - bytes.size) + bytes
    }
}
