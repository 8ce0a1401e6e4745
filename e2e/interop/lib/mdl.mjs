// The driver's licence as ISO mdoc with @auth0/mdl: shown to a verifier, and verified, in an OpenID4VP session.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { DeviceResponse, Verifier, parse } from '@auth0/mdl'

export const MDL = 'org.iso.18013.5.1.mDL'
export const NAMESPACE = 'org.iso.18013.5.1'
/** The namespace of what ISO has no element for. */
export const OWN = 'urn:huizheng:drivers-licence:1'

const bytes = (text) => Buffer.from(text, 'base64url')

// As much CBOR (RFC 8949 §3) as a handover needs: lists, texts, bytes, null; by hand, so that it is nobody's mistake but its own.
const head = (major, length) => {
  if (length < 24) return Buffer.from([(major << 5) | length])
  if (length < 256) return Buffer.from([(major << 5) | 24, length])
  return Buffer.from([(major << 5) | 25, length >> 8, length & 0xff])
}
function cbor(value) {
  if (value === null) return Buffer.from([0xf6])
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
}

/** `SessionTranscriptBytes` of a request that is answered in clear (OpenID4VP 1.0 §B.2.6.1). */
export function sessionOf({ client_id, nonce, response_uri }) {
  const info = createHash('sha256').update(cbor([client_id, nonce, null, response_uri])).digest()
  const transcript = cbor([null, null, ['OpenID4VPHandover', info]])
  return Buffer.concat([Buffer.from([0xd8, 24]), head(2, transcript.length), transcript])
}

/** The root of an issuer's certificates, PEM. */
export async function rootOf(issuer) {
  const response = await fetch(`${issuer.url}/mdoc/root`)
  assert.equal(response.headers.get('content-type'), 'application/pkix-cert')
  const der = Buffer.from(await response.arrayBuffer())
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
}

/** The elements of a presentation by namespace; throws unless it is right in this session. */
export async function verifyMdl(presentation, session, roots) {
  const { documents } = await new Verifier(roots).verify(bytes(presentation), { encodedSessionTranscript: session })
  assert.equal(documents.length, 1)
  const [{ docType, issuerSigned }] = documents
  assert.equal(docType, MDL)
  const elements = (items) => Object.fromEntries(items.map(({ elementIdentifier, elementValue }) => [elementIdentifier, elementValue]))
  return Object.fromEntries(Object.entries(issuerSigned.nameSpaces).map(([space, items]) => [space, elements(items)]))
}

/**
 * What a credential from an issuer becomes when it is shown.
 *
 * @param {import('./wallet.mjs').Held} held
 * @param {[string, string][]} elements
 * @param {Buffer} session
 */
export async function presentMdl({ credential, key }, elements, session) {
  const issued = parse(wrapped(bytes(credential)))
  const fields = elements.map(([space, name]) => ({ path: [`$['${space}']['${name}']`], intent_to_retain: false }))
  const response = await DeviceResponse.from(issued)
    .usingPresentationDefinition({
      id: 'one',
      input_descriptors: [
        { id: MDL, format: { mso_mdoc: { alg: ['ES256'] } }, constraints: { limit_disclosure: 'required', fields } },
      ],
    })
    .usingSessionTranscriptBytes(session)
    .authenticateWithSignature({ ...key.privateKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'key' }, 'ES256')
    .sign()
  return Buffer.from(response.encode()).toString('base64url')
}

/** An issued document as a response that nobody signed, which is how @auth0/mdl reads one. */
export function wrapped(issued) {
  const text = (string) => Buffer.concat([head(3, string.length), Buffer.from(string)])
  return Buffer.concat([
    head(5, 3),
    text('version'),
    text('1.0'),
    text('documents'),
    head(4, 1),
    head(5, 2),
    text('docType'),
    text(MDL),
    text('issuerSigned'),
    issued,
    text('status'),
    Buffer.from([0]),
  ])
}
