// Status lists of others' making are read here: Bitstring Status Lists of Digital Bazaar's, Token Status Lists of @sd-jwt/jwt-status-list. (That
// theirs read ours is in receive.test.mjs, x5c.test.mjs and present.test.mjs, by the same libraries.)
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StatusList, createHeaderAndPayload } from '@sd-jwt/jwt-status-list'
import * as jose from 'jose'
import { stack } from '../stack.mjs'
import { checkStatus, documentLoader, issue, newDidKey, statusList } from './lib/digitalbazaar.mjs'
import { jwkFromMultikey } from './lib/keys.mjs'
import { vc } from './lib/vc.mjs'

const LIST = 'https://issuer.example/status/7'
const SUITE = 'eddsa-rdfc-2022'
const SET = [0, 3, 94567, 131071]
const CLEAR = [1, 2, 4, 8, 94566, 94568, 131070]

const key = await newDidKey('Ed25519')
const made = (options = {}, by = key) => statusList(by, SUITE, { id: LIST, statusPurpose: 'revocation', set: SET, ...options })
const list = await made()

describe('Bitstring Status Lists from npm', () => {
  const jwk = jwkFromMultikey(key.publicKeyMultibase)
  const entry = (input, index, options = {}) =>
    vc('status', { input, key: jwk, kind: 'bitstring', uri: LIST, issuer: key.did, index, ...options })

  test('every entry is what it was set to', () => {
    for (const index of [...SET, ...CLEAR]) {
      const { result, data } = entry(list, index)
      assert.equal(result, 'success', data)
      assert.deepEqual(data, { purpose: 'revocation', set: SET.includes(index) }, String(index))
    }
  })

  test('suspension too, and each purpose by its own list', async () => {
    const suspended = await made({ statusPurpose: 'suspension', set: [5] })
    assert.deepEqual(entry(suspended, 5, { purpose: 'suspension' }).data, { purpose: 'suspension', set: true })
    assert.match(entry(suspended, 5).data, /another purpose/)
    assert.match(entry(list, 3, { purpose: 'suspension' }).data, /another purpose/)
  })

  test('what is another list, another issuer, changed or beyond the end is refused', async () => {
    assert.match(entry(list, 3, { uri: `${LIST}1` }).data, /another one/)
    assert.match(entry(list, 3, { issuer: 'did:key:z6MkOther' }).data, /another issuer/)
    assert.match(entry(list, 131072).data, /not in the status list/)
    const emptied = { ...list, credentialSubject: { ...list.credentialSubject, encodedList: (await made({ set: [] })).credentialSubject.encodedList } }
    assert.match(entry(emptied, 3).data, /signature_wrong/)
    const stranger = await made({}, await newDidKey('Ed25519'))
    assert.match(entry(stranger, 3).data, /signature_wrong/)
  })

  test('the VC-API takes the list as the credential that it is, and of a credential in it says that nobody looked', async () => {
    const post = async (verifiableCredential) => {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ verifiableCredential })
      const response = await fetch(`${stack.verifier.url}/credentials/verify`, { method: 'POST', headers, body })
      return { status: response.status, body: await response.json() }
    }
    const whole = await post(list)
    assert.deepEqual([whole.status, whole.body.verified], [200, true], JSON.stringify(whole.body))
    const credential = await issue(
      {
        '@context': ['https://www.w3.org/ns/credentials/v2'],
        type: ['VerifiableCredential'],
        issuer: key.did,
        credentialSubject: { id: 'urn:uuid:1a0e4ef5-091f-4060-842e-18e519ab9440', name: '云帆' },
        credentialStatus: {
          type: 'BitstringStatusListEntry',
          statusPurpose: 'revocation',
          statusListIndex: '4',
          statusListCredential: LIST,
        },
      },
      key,
      SUITE,
    )
    const answered = await post(credential)
    assert.equal(answered.status, 400)
    assert.deepEqual(answered.body.problemDetails.map(({ flaw }) => flaw), ['status_elsewhere'])
    // By their library, with the list at hand, it stands; the one beside it does not.
    const loader = async (url) => (url === LIST ? { contextUrl: null, documentUrl: url, document: list } : documentLoader(url))
    assert.equal((await checkStatus(credential, SUITE, loader)).verified, true)
    const beside = { ...credential, credentialStatus: { ...credential.credentialStatus, statusListIndex: '3' } }
    assert.equal((await checkStatus(beside, SUITE, loader)).verified, false)
  })
})

const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true })
const jwk = await jose.exportJWK(publicKey)

for (const bits of [1, 2, 4, 8]) {
  describe(`Token Status Lists from npm, ${bits} bits`, () => {
    const now = Math.floor(Date.now() / 1000)
    const values = Array.from({ length: 4096 }, (_, index) => (index * 7 + (index >> 5)) % 2 ** bits)
    const token = async (claims = {}, typ = 'statuslist+jwt') => {
      const made = createHeaderAndPayload(
        new StatusList(values, bits),
        { iss: 'https://issuer.example', sub: LIST, iat: now, exp: now + 3600, ...claims },
        { alg: 'ES256', typ: 'statuslist+jwt' },
      )
      return new jose.SignJWT(made.payload).setProtectedHeader({ ...made.header, typ }).sign(privateKey)
    }
    const entry = (input, index, options = {}) => vc('status', { input, key: jwk, kind: 'token', uri: LIST, index, ...options })

    test('every entry has the value that it was given', async () => {
      const list = await token()
      for (const index of [0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 33, 2047, 2048, 4094, 4095]) {
        const { result, data } = entry(list, index)
        assert.equal(result, 'success', data)
        assert.equal(data.value, values[index], String(index))
      }
      const named = values.findIndex((value) => value === 1)
      assert.equal(entry(list, named).data.status, 'invalid')
    })

    test('what is over, of another list, of another type, changed or beyond the end is refused', async () => {
      const list = await token()
      assert.match(entry(list, 4096).data, /not in the status list/)
      assert.match(entry(list, 3, { uri: `${LIST}1` }).data, /another one/)
      assert.match(entry(await token({ exp: now - 3600 }), 3).data, /expired/)
      assert.match(entry(await token({ iat: now + 3600 }), 3).data, /future/)
      assert.equal(entry(await token({}, 'JWT'), 3).result, 'failure')
      assert.equal(entry(list.replace(/\.[^.]{8}/, '.AAAAAAAA'), 3).result, 'failure')
    })
  })
}
