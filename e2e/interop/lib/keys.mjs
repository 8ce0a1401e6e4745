// Keys as the libraries want them (JWK) and as DID documents write them (Multikey).
import { ECDH, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'

/** @typedef {'ES256' | 'EdDSA'} Algorithm */
/** @typedef {{ alg: Algorithm, privateKey: import('node:crypto').KeyObject, publicJwk: JsonWebKey }} Key */

/** A fresh key pair. @param {Algorithm} alg @returns {Key} */
export function newKey(alg = 'ES256') {
  const { privateKey } = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
  return keyOf(alg, privateKey)
}

/** The key of a private JWK (`EC`/`P-256` or `OKP`/`Ed25519`). @returns {Key} */
export function keyFromJwk(jwk) {
  return keyOf(algorithmOf(jwk), createPrivateKey({ key: jwk, format: 'jwk' }))
}

function keyOf(alg, privateKey) {
  return { alg, privateKey, publicJwk: createPublicKey(privateKey).export({ format: 'jwk' }) }
}

/** The one algorithm a public JWK signs with here. @returns {Algorithm} */
export function algorithmOf(jwk) {
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') return 'ES256'
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') return 'EdDSA'
  throw new Error(`no algorithm for a ${jwk.kty} key on ${jwk.crv}`)
}

// JOSE writes an ECDSA signature as r and s, 32 bytes each, and Ed25519 hashes by itself.
const hashOf = (alg) => (alg === 'ES256' ? 'sha256' : null)
const DSA = { dsaEncoding: 'ieee-p1363' }

/** The base64url signature of `data` as JOSE writes it. @param {Key} key @param {string} data */
export function signText(key, data) {
  return sign(hashOf(key.alg), Buffer.from(data), { key: key.privateKey, ...DSA }).toString('base64url')
}

/** Whether `signature` (base64url) of `data` was made with the private half of `jwk`. */
export function verifyText(jwk, data, signature) {
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  return verify(hashOf(algorithmOf(jwk)), Buffer.from(data), { key, ...DSA }, Buffer.from(signature, 'base64url'))
}

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** The bytes of a base58btc text. */
export function base58(text) {
  let value = 0n
  for (const letter of text) {
    const digit = ALPHABET.indexOf(letter)
    if (digit < 0) throw new Error(`'${letter}' is not a base58 letter`)
    value = value * 58n + BigInt(digit)
  }
  const zeros = text.length - text.replace(/^1+/, '').length
  const hex = value === 0n ? '' : value.toString(16)
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')])
}

/** The public JWK of a Multikey text (`z6Mk…` Ed25519, `zDn…` P-256 compressed). */
export function jwkFromMultikey(text) {
  if (!text.startsWith('z')) throw new Error('a Multikey here is base58btc and starts with z')
  const bytes = base58(text.slice(1))
  const [prefix, key] = [bytes.readUInt16BE(0), bytes.subarray(2)]
  if (prefix === 0xed01) return { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') }
  if (prefix === 0x8024) {
    const point = ECDH.convertKey(key, 'prime256v1', undefined, undefined, 'uncompressed')
    return {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    }
  }
  throw new Error(`no key type for the multicodec prefix ${prefix.toString(16)}`)
}
