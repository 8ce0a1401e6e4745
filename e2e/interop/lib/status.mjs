// Token Status List, verified with jose and read with @sd-jwt/jwt-status-list.
import assert from 'node:assert/strict'
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list'
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { algorithmOf } from './keys.mjs'

/**
 * The status of one credential: 0 valid, 1 invalid, 2 suspended.
 *
 * @param {{ uri: string, idx: number }} reference what the credential's `status.status_list` says
 * @param {(didUrl: string, header: object) => Promise<JsonWebKey>} resolve how the list's signer is found
 */
export async function statusOf({ uri, idx }, resolve) {
  const response = await fetch(uri, { headers: { accept: 'application/statuslist+jwt' } })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type'), /^application\/statuslist\+jwt/)
  const token = await response.text()
  const header = decodeProtectedHeader(token)
  const jwk = await resolve(header.kid, header)
  const alg = algorithmOf(jwk)
  await jwtVerify(token, await importJWK(jwk, alg), {
    algorithms: [alg],
    typ: 'statuslist+jwt',
    subject: uri,
    requiredClaims: ['iat', 'status_list'],
  })
  return getListFromStatusListJWT(token).getStatus(idx)
}
