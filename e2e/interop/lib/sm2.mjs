// The profile of docs/profiles/sm2.md written a second time: SM2 by sm-crypto-v2, SM3 by OpenSSL, JCS for what tests hold.
import { createHash } from 'node:crypto'
import { sm2 } from 'sm-crypto-v2'
import { base58 } from './keys.mjs'

export const USER_ID = '1234567812345678'
export const ALG = 'urn:oid:1.2.156.10197.1.501'
/** The example key of GB/T 32918.5-2017, appendix A.2. */
export const EXAMPLE = {
  secret: '3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8',
  public: '0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13',
}

// RFC 8785 for objects whose member names are ASCII: JSON.stringify writes numbers and texts as it asks.
const canonical = (value) =>
  JSON.stringify(value, (_, inner) =>
    inner && typeof inner === 'object' && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner,
  )

const sm3 = (text) => createHash('sm3').update(text).digest()

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const toBase58 = (bytes) => {
  let value = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (; value > 0n; value /= 58n) text = ALPHABET[Number(value % 58n)] + text
  return '1'.repeat(bytes.findIndex((byte) => byte !== 0)) + text
}

/** `did:key` of an uncompressed SM2 point in hexadecimal: multicodec 0x1206, then the compressed point. */
export function didKey(point) {
  const parity = Number.parseInt(point.at(-1), 16) % 2 ? '03' : '02'
  return `did:key:z${toBase58(Buffer.from(`8624${parity}${point.slice(2, 66)}`, 'hex'))}`
}

/** The hash of the proof's options, then that of the document. */
function hashes(secured) {
  const { proof, ...document } = secured
  const { proofValue, ...options } = proof
  return Buffer.concat([sm3(canonical(options)), sm3(canonical(document))])
}

const sign = (bytes, userId) => sm2.doSignature(new Uint8Array(bytes), EXAMPLE.secret, { hash: true, publicKey: EXAMPLE.public, userId })
const verifies = (bytes, signature, userId) =>
  sm2.doVerifySignature(new Uint8Array(bytes), signature, EXAMPLE.public, { hash: true, userId })

/** A credential secured with `sm2-jcs-2026` by the example key. */
export function secure(document, created) {
  const did = didKey(EXAMPLE.public)
  const proof = {
    '@context': document['@context'],
    type: 'DataIntegrityProof',
    cryptosuite: 'sm2-jcs-2026',
    created,
    verificationMethod: `${did}#${did.slice('did:key:'.length)}`,
    proofPurpose: 'assertionMethod',
  }
  const signature = sign(hashes({ ...document, proof }), USER_ID)
  return { ...document, proof: { ...proof, proofValue: `z${toBase58(Buffer.from(signature, 'hex'))}` } }
}

/** Whether the example key secured this credential, under this user id. */
export function isSecured(secured, userId = USER_ID) {
  const signature = base58(secured.proof.proofValue.slice(1)).toString('hex')
  return verifies(hashes(secured), signature, userId)
}

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** An SD-JWT VC without disclosures by the example key. */
export function sdJwt(claims) {
  const signed = `${encode({ alg: ALG, typ: 'dc+sd-jwt' })}.${encode(claims)}`
  return `${signed}.${Buffer.from(sign(Buffer.from(signed), USER_ID), 'hex').toString('base64url')}~`
}

/** Whether the example key signed this SD-JWT. */
export function isSigned(text) {
  const [header, payload, signature] = text.split('~')[0].split('.')
  return verifies(Buffer.from(`${header}.${payload}`), Buffer.from(signature, 'base64url').toString('hex'), USER_ID)
}
