// From a DID URL to a public key: the chain answers for organisations, a holder's DID carries its own key.
import assert from 'node:assert/strict'
import { jwkFromMultikey } from './keys.mjs'

/**
 * A function from a DID URL to the public JWK behind it.
 *
 * `did:hui` is asked of the node at `chainUrl` by W3C DID Resolution, and the key must stand in the document
 * for `relationship` (`assertionMethod` signs credentials, `authentication` signs requests).
 */
export function didResolver(chainUrl, relationship) {
  return async (didUrl) => {
    const [did] = didUrl.split('#')
    if (did.startsWith('did:key:')) return jwkFromMultikey(did.slice('did:key:'.length))
    if (did.startsWith('did:jwk:')) return JSON.parse(Buffer.from(did.slice('did:jwk:'.length), 'base64url').toString())
    return keyInDocument(await resolveDid(chainUrl, did), didUrl, relationship)
  }
}

/** The DID document of `did` as the chain's node resolves it. */
export async function resolveDid(chainUrl, did) {
  const response = await fetch(`${chainUrl}/v1/identifiers/${encodeURIComponent(did)}`, {
    headers: { accept: 'application/did-resolution' },
  })
  assert.equal(response.status, 200, `${did} did not resolve: ${await response.clone().text()}`)
  const { didDocument, didResolutionMetadata, didDocumentMetadata } = await response.json()
  assert.equal(didResolutionMetadata?.error, undefined, `${did} resolved to an error`)
  assert.notEqual(didDocumentMetadata?.deactivated, true, `${did} is deactivated`)
  assert.equal(didDocument.id, did)
  return didDocument
}

function keyInDocument(document, didUrl, relationship) {
  const absolute = (id) => (id.startsWith('#') ? document.id + id : id)
  const allowed = (document[relationship] ?? []).map((entry) => absolute(entry.id ?? entry))
  assert.ok(allowed.includes(didUrl), `${didUrl} is not listed for ${relationship}`)
  const method = document.verificationMethod.find((entry) => absolute(entry.id) === didUrl)
  assert.ok(method, `${didUrl} is not in its document`)
  return method.publicKeyJwk ?? jwkFromMultikey(method.publicKeyMultibase)
}
