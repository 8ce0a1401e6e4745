// Encrypted credential requests and responses (OpenID4VCI 1.0 §10), with jose beneath the libraries' HTTP: they know neither.
import { generateKeyPairSync } from 'node:crypto'
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, importJWK } from 'jose'

const JWT = 'application/jwt'

/**
 * A key that credential responses are encrypted to, and the `fetch` of a wallet that has it.
 *
 * @param {JsonWebKey} issuerKey of the issuer's metadata: requests that ask for it are encrypted too
 */
export function sealing(issuerKey) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'of-the-wallet', alg: 'ECDH-ES', use: 'enc' }
  const seen = []
  return {
    /**
     * What goes along with a request. The library wants `alg` beside the key, as before 1.0; it is taken out before it leaves.
     *
     * @param {'A256GCM' | 'A128GCM'} enc
     */
    payload: (enc) => ({ credential_response_encryption: { alg: jwk.alg, jwk, enc } }),
    /** The protected headers of the responses so far. */
    seen,
    async fetch(url, init) {
      const response = await fetch(url, { redirect: 'error', ...init, ...(asks(init) && (await sealed(init, issuerKey))) })
      if (!response.headers.get('content-type')?.startsWith(JWT)) return response
      const text = await response.text()
      seen.push(decodeProtectedHeader(text))
      const { plaintext } = await compactDecrypt(text, privateKey, { keyManagementAlgorithms: ['ECDH-ES'] })
      return new Response(plaintext, { status: response.status, headers: { 'content-type': 'application/json' } })
    },
  }
}

const asks = (init) => typeof init?.body === 'string' && init.body.includes('credential_response_encryption')

async function sealed(init, jwk) {
  const request = JSON.parse(init.body)
  const { alg, ...encryption } = request.credential_response_encryption
  const text = JSON.stringify({ ...request, credential_response_encryption: encryption })
  const header = { alg, enc: encryption.enc, kid: jwk.kid }
  const body = await new CompactEncrypt(Buffer.from(text)).setProtectedHeader(header).encrypt(await importJWK(jwk, 'ECDH-ES'))
  const headers = new Headers(init.headers)
  headers.set('content-type', JWT)
  return { body, headers }
}
