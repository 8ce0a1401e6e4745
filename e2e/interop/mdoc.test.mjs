// ISO mdoc in both directions with @auth0/mdl: ours verify there, theirs verify here.
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { DataItem, DeviceResponse, Document, MDoc, Verifier, parse } from '@auth0/mdl'
import { MDL, NAMESPACE, wrapped } from './lib/mdl.mjs'
import { mdoc } from './lib/mdoc.mjs'

const bytes = (text) => Buffer.from(text, 'base64url')

const pem = (label, der) => `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`

/** The JWK of a P-256 key from its secret scalar. Without a `kid`, @auth0/mdl would write `undefined` for it. */
function jwkOf(secret) {
  // ECPrivateKey (RFC 5915) around the scalar, for Node to work out the rest.
  const prefix = Buffer.from('30310201010420', 'hex')
  const curve = Buffer.from('a00a06082a8648ce3d030107', 'hex')
  const der = Buffer.concat([prefix, bytes(secret), curve])
  const jwk = createPrivateKey({ key: der, format: 'der', type: 'sec1' }).export({ format: 'jwk' })
  return { ...jwk, alg: 'ES256', kid: 'key' }
}

/** The transcript tagged as `SessionTranscriptBytes`. */
const tagged = (transcript) => {
  const inside = bytes(transcript)
  assert.ok(inside.length < 256)
  return Buffer.concat([Buffer.from([0xd8, 24, 0x58, inside.length]), inside])
}

describe('mdoc ↔ @auth0/mdl', () => {
  const now = Math.floor(Date.now() / 1000)
  let ours
  let root
  before(() => {
    ours = mdoc('make', now)
    root = pem('CERTIFICATE', bytes(ours.root))
  })

  const verifyThere = (response, transcript = ours.transcript, roots = [root]) =>
    new Verifier(roots).verify(bytes(response), { encodedSessionTranscript: tagged(transcript) })
  const verifyHere = (response, change = {}) =>
    mdoc('check', { root: ours.root, response, transcript: ours.transcript, doc_type: MDL, now, ...change })

  test('what we issue and present verifies there', async () => {
    const { documents } = await verifyThere(ours.response)
    assert.equal(documents.length, 1)
    assert.equal(documents[0].docType, MDL)
    assert.deepEqual(documents[0].getIssuerNameSpace(NAMESPACE), { family_name: '张', age_over_18: true })
  })

  test('another session and an unknown root are refused there', async () => {
    const other = Buffer.from(bytes(ours.transcript))
    other[other.length - 1] ^= 1
    await assert.rejects(verifyThere(ours.response, other.toString('base64url')), /signature/i)
    await assert.rejects(verifyThere(ours.response, ours.transcript, []), /certificate|root|issuer/i)
  })

  test('what we issue can be presented from there, and is accepted here', async () => {
    const issued = parse(wrapped(bytes(ours.issued)))
    const response = await DeviceResponse.from(issued)
      .usingPresentationDefinition(definition('given_name'))
      .usingSessionTranscriptBytes(tagged(ours.transcript))
      .authenticateWithSignature(jwkOf(ours.device), 'ES256')
      .sign()
    const text = Buffer.from(response.encode()).toString('base64url')
    assert.deepEqual(verifyHere(text), { claims: { [NAMESPACE]: { given_name: '三' } } })
  })

  test('what they issue and present verifies here, and not in another session', async () => {
    const { d: _, ...deviceKey } = jwkOf(ours.device)
    const document = await new Document(MDL)
      .addIssuerNameSpace(NAMESPACE, { family_name: 'Jones', given_name: 'Ava', birth_date: '2007-03-25' })
      .useDigestAlgorithm('SHA-256')
      .addValidityInfo({
        signed: new Date(now * 1000),
        validFrom: new Date(now * 1000),
        validUntil: new Date((now + 86_400) * 1000),
      })
      .addDeviceKeyInfo({ deviceKey })
      .sign({
        issuerPrivateKey: jwkOf(ours.signer),
        issuerCertificate: pem('CERTIFICATE', bytes(ours.certificate)),
        alg: 'ES256',
      })
    const response = await DeviceResponse.from(new MDoc([document]))
      .usingPresentationDefinition(definition('family_name'))
      .usingSessionTranscriptBytes(tagged(ours.transcript))
      .authenticateWithSignature(jwkOf(ours.device), 'ES256')
      .sign()
    const text = Buffer.from(response.encode()).toString('base64url')
    assert.deepEqual(verifyHere(text), { claims: { [NAMESPACE]: { family_name: 'Jones' } } })
    const other = Buffer.from(bytes(ours.transcript))
    other[other.length - 1] ^= 1
    const refused = verifyHere(text, { transcript: other.toString('base64url') })
    assert.deepEqual(refused, { flaws: ['key_binding_signature_wrong'] })
    assert.deepEqual(verifyHere(text, { now: now + 90_000 }), { flaws: ['expired'] })
  })
})

const definition = (element) => ({
  id: 'one',
  input_descriptors: [
    {
      id: MDL,
      format: { mso_mdoc: { alg: ['ES256'] } },
      constraints: {
        limit_disclosure: 'required',
        fields: [{ path: [`$['${NAMESPACE}']['${element}']`], intent_to_retain: false }],
      },
    },
  ],
})
