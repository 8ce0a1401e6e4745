// A reader that knows no chain: the key is in the certificate that comes along, which must lead to a root that the reader was given.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'

/** The certificate that readers are given for what an issuer signs. */
export async function rootOf(issuer) {
  const response = await fetch(`${issuer.url}/mdoc/root`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'application/pkix-cert')
  return new X509Certificate(Buffer.from(await response.arrayBuffer()))
}

/**
 * A function from a token's header to the public JWK of its signer, as HAIP 1.0 §6.1.1 asks: each certificate of `x5c` is signed by the
 * next and the last by one of `roots`, which is not among them; none signs itself, all count now, and the first signs no certificates.
 *
 * @param {X509Certificate[]} roots
 */
export function x5cResolver(roots, now = new Date()) {
  return async (_kid, { x5c }) => {
    assert.ok(Array.isArray(x5c) && x5c.length > 0, 'there is no certificate')
    const chain = x5c.map((text) => new X509Certificate(Buffer.from(text, 'base64')))
    assert.ok(!chain[0].ca, 'the signer must be no authority')
    chain.forEach((certificate, place) => {
      assert.ok(new Date(certificate.validFrom) <= now && now <= new Date(certificate.validTo), 'a certificate does not count now')
      assert.ok(!certificate.verify(certificate.publicKey), 'a certificate signs itself')
      const above = place + 1 < chain.length ? [chain[place + 1]] : roots
      const signs = (authority) => authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
      assert.ok(above.some(signs), 'the certificates lead to no root that is known')
    })
    return chain[0].publicKey.export({ format: 'jwk' })
  }
}

/** The URIs that a certificate's subject is also known by. */
export function urisOf(text) {
  const names = new X509Certificate(Buffer.from(text, 'base64')).subjectAltName?.split(', ') ?? []
  return names.filter((name) => name.startsWith('URI:')).map((name) => name.slice('URI:'.length))
}
