// What the OpenID4VC libraries ask of their surroundings: signing, verifying, hashing, randomness, HTTP.
import { X509Certificate, createHash, randomBytes } from 'node:crypto'
import { clientAuthenticationAnonymous, setGlobalConfig } from '@openid4vc/oauth2'
import { CompactEncrypt, SignJWT, compactVerify, importJWK } from 'jose'
import { algorithmOf } from './keys.mjs'

// The libraries accept https only; everything here runs on loopback.
setGlobalConfig({ allowInsecureUrls: true })

const sameKey = (a, b) => a.kty === b.kty && a.crv === b.crv && a.x === b.x && a.y === b.y

/**
 * The callbacks of one party.
 *
 * @param {{ keys?: import('./keys.mjs').Key[], dids?: Record<string, import('./keys.mjs').Key>,
 *           resolve?: (didUrl: string) => Promise<JsonWebKey> }} party its keys, the keys it names by a DID URL,
 *   and how it finds other parties' keys
 */
export function callbacksFor({ keys = [], dids = {}, resolve } = {}) {
  const ownKey = (signer) => {
    const key = signer.method === 'did' ? dids[signer.didUrl] : keys.find((k) => sameKey(k.publicJwk, signer.publicJwk))
    if (!key) throw new Error(`no key to sign with for ${JSON.stringify(signer)}`)
    return key
  }
  const theirKey = async (signer) => {
    if (signer.method === 'jwk') return signer.publicJwk
    if (signer.method === 'did' && resolve) return resolve(signer.didUrl)
    if (signer.method === 'x5c') {
      const [leaf, ...above] = signer.x5c.map((certificate) => new X509Certificate(Buffer.from(certificate, 'base64')))
      const now = new Date()
      if (now < leaf.validFromDate || now > leaf.validToDate) throw new Error('the certificate is not valid now')
      above.reduce((below, issuer) => {
        if (!below.checkIssued(issuer) || !below.verify(issuer.publicKey)) throw new Error('a certificate is not by the next one')
        return issuer
      }, leaf)
      return leaf.publicKey.export({ format: 'jwk' })
    }
    throw new Error(`no way to find the key of a signer named by ${signer.method}`)
  }
  return {
    fetch: (url, init) => fetch(url, { redirect: 'error', ...init }),
    hash: (data, algorithm) => createHash(algorithm.replaceAll('-', '')).update(data).digest(),
    generateRandom: (length) => randomBytes(length),
    clientAuthentication: clientAuthenticationAnonymous(),
    async signJwt(signer, { header, payload }) {
      const key = ownKey(signer)
      const jwt = await new SignJWT(payload).setProtectedHeader(header).sign(key.privateKey)
      return { jwt, signerJwk: key.publicJwk }
    },
    async verifyJwt(signer, { compact }) {
      const jwk = await theirKey(signer)
      const alg = algorithmOf(jwk)
      try {
        await compactVerify(compact, await importJWK(jwk, alg), { algorithms: [alg] })
        return { verified: true, signerJwk: jwk }
      } catch {
        return { verified: false }
      }
    },
    decryptJwe: async () => ({ decrypted: false }),
    async encryptJwe({ publicJwk, alg, enc, apv }, data) {
      const header = { alg, enc, kid: publicJwk.kid }
      const key = await importJWK(publicJwk, alg)
      const message = new CompactEncrypt(Buffer.from(data)).setProtectedHeader(header)
      if (apv) message.setKeyManagementParameters({ apv: Buffer.from(apv, 'base64url') })
      const jwe = await message.encrypt(key)
      return { jwe, encryptionJwk: publicJwk }
    },
    getX509CertificateMetadata(certificate) {
      const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName?.split(', ') ?? []
      const of = (kind) => names.filter((name) => name.startsWith(`${kind}:`)).map((name) => name.slice(kind.length + 1))
      return { sanDnsNames: of('DNS'), sanUriNames: of('URI') }
    },
  }
}
