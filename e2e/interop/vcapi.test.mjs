// Digital Bazaar's library and our VC-API, both ways for each mechanism: theirs verifies here, ours verifies there.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stack } from '../stack.mjs'
import { derive, issue, newDidKey, present, verify } from './lib/digitalbazaar.mjs'

const [issuer] = Object.values(stack.issuers)
const instances = await (await fetch(`${issuer.url}/instances`)).json()

const CREDENTIAL = {
  '@context': ['https://www.w3.org/ns/credentials/v2'],
  id: 'urn:uuid:36245ee9-9074-4b05-a777-febff2e69757',
  type: ['VerifiableCredential'],
  credentialSubject: { id: 'urn:uuid:1a0e4ef5-091f-4060-842e-18e519ab9440', name: '云帆', description: 'A line.' },
}

const CREDENTIAL_V1 = {
  '@context': ['https://www.w3.org/2018/credentials/v1', 'https://w3id.org/security/data-integrity/v2'],
  id: 'urn:uuid:36245ee9-9074-4b05-a777-febff2e69758',
  type: ['VerifiableCredential'],
  issuanceDate: '2026-01-01T00:00:00Z',
  credentialSubject: { id: 'urn:uuid:1a0e4ef5-091f-4060-842e-18e519ab9440', name: '云帆' },
}

async function post(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: await response.json() }
}

const issueHere = async (instance, credential, options = {}) => {
  const { status, body } = await post(instance.issue, { credential, options })
  assert.equal(status, 201, JSON.stringify(body))
  return body.verifiableCredential
}
const deriveHere = async (verifiableCredential, selectivePointers) => {
  const { status, body } = await post(`${issuer.url}/credentials/derive`, {
    verifiableCredential,
    options: { selectivePointers },
  })
  assert.equal(status, 201, JSON.stringify(body))
  return body.verifiableCredential
}
const verifyHere = (verifiableCredential, options) =>
  post(`${stack.verifier.url}/credentials/verify`, { verifiableCredential, options })

const taken = ({ status, body }) => assert.deepEqual([status, body.verified], [200, true], JSON.stringify(body))
const refused = ({ status, body }, flaw) => {
  assert.deepEqual([status, body.verified], [400, false], JSON.stringify(body))
  assert.ok(body.problemDetails.some((one) => one.flaw === flaw), JSON.stringify(body))
}
const takenThere = async (credential, suite) => {
  const { verified, error } = await verify(credential, suite)
  assert.ok(verified, JSON.stringify(error?.errors?.map(String) ?? String(error)))
}
const changed = (credential) => ({ ...credential, credentialSubject: { ...credential.credentialSubject, name: '风帆' } })

// Envelopes have no cryptosuite; those that derive are below.
const WHOLE = instances.filter(({ cryptosuite }) => cryptosuite && !['ecdsa-sd-2023', 'bbs-2023'].includes(cryptosuite))
for (const instance of WHOLE) {
  describe(`${instance.name} with npm`, () => {
    // Their JCS suites compare contexts by identity, so that one written out never equals its copy in the proof.
    const written = instance.cryptosuite.includes('-jcs-') ? [] : [{ name: 'https://schema.org/name' }]
    const old = { ...CREDENTIAL_V1, '@context': [...CREDENTIAL_V1['@context'], ...written] }
    for (const [version, credential] of [['2.0', CREDENTIAL], ['1.1', old]]) {
      test(`ours verifies there, and not once it is changed (VCDM ${version})`, async () => {
        const issued = await issueHere(instance, credential)
        assert.equal(issued.issuer, instance.id)
        await takenThere(issued, instance.cryptosuite)
        assert.equal((await verify(changed(issued), instance.cryptosuite)).verified, false)
      })

      test(`theirs verifies here, and not once it is changed (VCDM ${version})`, async () => {
        const key = await newDidKey(instance.keyType)
        const issued = await issue({ ...credential, issuer: key.did }, key, instance.cryptosuite)
        taken(await verifyHere(issued))
        refused(await verifyHere(changed(issued)), 'signature_wrong')
      })
    }

    test('a presentation of theirs answers its challenge and domain here, and no other', async () => {
      const holder = await newDidKey(instance.keyType)
      const subject = { ...CREDENTIAL.credentialSubject, id: holder.did }
      const held = await issueHere(instance, { ...CREDENTIAL, credentialSubject: subject })
      const asked = { challenge: 'n-0S6_WzA2Mj', domain: 'desk.example' }
      const shown = await present([held], holder, instance.cryptosuite, asked)
      const show = (options) => post(`${stack.verifier.url}/presentations/verify`, { verifiablePresentation: shown, options })
      taken(await show(asked))
      refused(await show({ ...asked, challenge: 'another' }), 'nonce_wrong')
      refused(await show({ ...asked, domain: 'other.example' }), 'audience_wrong')
    })
  })
}

// The flaw of a changed statement: with BBS it can only be said that the proof is wrong.
for (const [suite, keyType, flaw] of [
  ['ecdsa-sd-2023', 'P-256', 'statement_unsigned'],
  ['bbs-2023', 'BLS12-381', 'signature_wrong'],
]) {
  describe(`${suite} with npm`, () => {
    const instance = instances.find(({ cryptosuite }) => cryptosuite === suite)
    const mandatoryPointers = ['/issuer']
    const chosen = ['/credentialSubject/name']
    const shows = ({ credentialSubject }) => {
      assert.equal(credentialSubject.name, '云帆')
      assert.equal('description' in credentialSubject, false)
    }

    for (const [who, deriveBy] of [['us', deriveHere], ['them', derive]]) {
      test(`issued by us, derived by ${who}: verifies on both sides`, async () => {
        const shown = await deriveBy(await issueHere(instance, CREDENTIAL, { mandatoryPointers }), chosen, suite)
        shows(shown)
        taken(await verifyHere(shown))
        await takenThere(shown, suite)
        refused(await verifyHere(changed(shown)), flaw)
      })

      test(`issued by them, derived by ${who}: verifies on both sides`, async () => {
        const key = await newDidKey(keyType)
        const issued = await issue({ ...CREDENTIAL, issuer: key.did }, key, suite, { mandatoryPointers })
        const shown = await deriveBy(issued, chosen, suite)
        shows(shown)
        taken(await verifyHere(shown))
        await takenThere(shown, suite)
      })
    }
  })
}
