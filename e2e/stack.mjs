// The running system that the tests talk to, as `huizheng demo --headless --urls FILE` describes it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

/** What the file named by `HUIZHENG_URLS` says: `chain`, `issuers` by id, `verifier`, `phone`, `staff_token`. */
export const stack = JSON.parse(readFileSync(required('HUIZHENG_URLS'), 'utf8'))

/** An environment variable that must be set. */
export function required(name) {
  const value = process.env[name]
  assert.ok(value, `${name} is not set; e2e/interop/run and e2e/browser/run say what it is`)
  return value
}

/** The issuer of a credential type: `{ url, did, name, credential_types }`. */
export function issuerOf(type) {
  const found = Object.values(stack.issuers).find((issuer) => issuer.credential_types.includes(type))
  assert.ok(found, `nobody issues ${type}`)
  return found
}

/**
 * Calls one of our JSON endpoints and answers what it says; anything but a success is an error that quotes it.
 *
 * @param {'GET' | 'POST'} method
 * @param {string} url
 * @param {{ body?: object, token?: string }} [options] `token` goes as bearer token
 */
export async function call(method, url, { body, token } = {}) {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
  })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${url}: ${response.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}

/**
 * Applies for a credential, has it approved by the staff, and answers the offer.
 *
 * @returns {Promise<{ id: string, issuer: object, offer_uri: string, offer_uri_by_value: string, tx_code: string }>}
 */
export async function approvedOffer(type, claims) {
  const issuer = issuerOf(type)
  const { id, secret } = await call('POST', `${issuer.url}/api/applications`, { body: { type, claims } })
  await call('POST', `${issuer.url}/api/applications/${id}/approve`, { token: stack.staff_token })
  const offer = await call('GET', `${issuer.url}/api/applications/${id}/offer`, { token: secret })
  return { id, issuer, ...offer }
}

/** Revokes, suspends or reinstates every credential issued on an application; final on the chain when it returns. */
export async function change({ id, issuer }, what, reason = 'Asked for by a test') {
  const token = stack.staff_token
  const { credentials } = await call('GET', `${issuer.url}/api/applications/${id}`, { token })
  for (const credential of Object.values(credentials)) {
    await call('POST', `${issuer.url}/api/credentials/${credential}/${what}`, { token, body: { reason } })
  }
}
