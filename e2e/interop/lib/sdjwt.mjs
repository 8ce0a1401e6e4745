// SD-JWT VC with @sd-jwt/core: issue, present, verify.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { SDJwtInstance } from '@sd-jwt/core'
import { algorithmOf, signText, verifyText } from './keys.mjs'

const HASHING = {
  hasher: (data, alg) => createHash(alg.replaceAll('-', '')).update(typeof data === 'string' ? data : Buffer.from(data)).digest(),
  saltGenerator: (length) => randomBytes(length).toString('base64url'),
}

/**
 * Issues `claims` (each of them selectively disclosable) under `fixed` (always visible: `iss`, `vct`, `cnf`, times).
 *
 * @param {{ key: import('./keys.mjs').Key, kid: string, fixed: object, claims: object }} options
 */
export function issueSdJwt({ key, kid, fixed, claims }) {
  const sdJwt = new SDJwtInstance({ ...HASHING, signAlg: key.alg, signer: (data) => signText(key, data) })
  return sdJwt.issue({ ...fixed, ...claims }, { _sd: Object.keys(claims) }, { header: { typ: 'dc+sd-jwt', kid } })
}

/** All claims of a credential as its holder sees them, unverified. */
export const claimsOf = (credential) => new SDJwtInstance(HASHING).getClaims(credential)

/** The header of a credential's issuer-signed part, unverified. */
export const headerOf = (credential) => JSON.parse(Buffer.from(credential.split('.')[0], 'base64url').toString())

/**
 * A presentation that discloses what `disclose` names, bound to `nonce` and `audience` by the holder's key.
 *
 * @param {{ credential: string, key: import('./keys.mjs').Key, disclose: object, nonce: string, audience: string }} options
 */
export function presentSdJwt({ credential, key, disclose, nonce, audience }) {
  const holder = new SDJwtInstance({ ...HASHING, kbSignAlg: key.alg, kbSigner: (data) => signText(key, data) })
  const payload = { iat: Math.floor(Date.now() / 1000), aud: audience, nonce }
  return holder.present(credential, disclose, { kb: { payload } })
}

/**
 * Verifies a credential, and its key binding where `nonce` and `audience` are given.
 *
 * @param {string} credential
 * @param {{ resolve: (didUrl: string, header: object) => Promise<JsonWebKey>, nonce?: string, audience?: string }} options
 * @returns {Promise<{ claims: object, header: object, binding?: object }>}
 */
export async function verifySdJwt(credential, { resolve, nonce, audience }) {
  const header = headerOf(credential)
  const issuerKey = await resolve(header.kid, header)
  assert.equal(header.alg, algorithmOf(issuerKey), 'the header names another algorithm than the key has')
  const sdJwt = new SDJwtInstance({
    ...HASHING,
    verifier: (data, signature) => verifyText(issuerKey, data, signature),
    kbVerifier: (data, signature, payload) => verifyText(payload.cnf.jwk, data, signature),
  })
  const { payload, kb } = await sdJwt.verify(credential, { keyBindingNonce: nonce })
  assert.equal(header.typ, 'dc+sd-jwt')
  if (nonce === undefined) return { claims: payload, header }
  assert.equal(kb.payload.aud, audience, 'the key binding is for another audience')
  return { claims: payload, header, binding: kb.payload }
}
