// vc+jwt with npm's jose, vc+sd-jwt with @sd-jwt/core: theirs verify here, ours verify there, changed ones nowhere.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { SDJwtInstance } from '@sd-jwt/core'
import * as jose from 'jose'
import { vc } from './lib/vc.mjs'

const ISSUER = 'https://issuer.example/departments/1'
const DOCUMENT = {
  '@context': ['https://www.w3.org/ns/credentials/v2', 'https://www.w3.org/ns/credentials/examples/v2'],
  type: ['VerifiableCredential', 'ExampleLicence'],
  issuer: ISSUER,
  validFrom: '2024-01-01T00:00:00Z',
  credentialSubject: {
    id: 'did:example:holder',
    name: '合肥云帆科技有限公司',
    address: { city: '合肥', street: { name: '长江中路', number: 1 } },
    taxes: [{ code: 'a', rate: 1 }, { code: 'b', rate: 2 }, { code: 'c', rate: 3 }],
  },
}
const HIDDEN = [
  'credentialSubject.name',
  'credentialSubject.address',
  'credentialSubject.address.street',
  'credentialSubject.address.street.number',
  'credentialSubject.taxes[]',
  'credentialSubject.taxes[].rate',
]
const FRAME = {
  credentialSubject: {
    _sd: ['name', 'address'],
    address: { _sd: ['street'], street: { _sd: ['number'] } },
    taxes: { _sd: [0, 1, 2], 0: { _sd: ['rate'] }, 1: { _sd: ['rate'] }, 2: { _sd: ['rate'] }, _sd_decoy: 2 },
    _sd_decoy: 3,
  },
}
const NONCE = 'n-0S6_WzA2Mj'
const AUDIENCE = 'https://verifier.example'

const hasher = (data, alg) => createHash(alg.replaceAll('-', '')).update(typeof data === 'string' ? data : Buffer.from(data)).digest()

async function newKey(alg) {
  const pair = await jose.generateKeyPair(alg, { extractable: true })
  const [publicJwk, privateJwk] = [await jose.exportJWK(pair.publicKey), await jose.exportJWK(pair.privateKey)]
  const id = `${ISSUER}#key-1`
  return { alg, id, ...pair, publicJwk, method: { id, controller: ISSUER, type: 'JsonWebKey', secretKeyJwk: privateJwk } }
}
const publicMethod = ({ id, publicJwk }) => ({ id, controller: ISSUER, type: 'JsonWebKey', publicKeyJwk: publicJwk })

/** A signature of text by WebCrypto, and its check. */
const parameters = { ES256: { name: 'ECDSA', hash: 'SHA-256' }, ES384: { name: 'ECDSA', hash: 'SHA-384' }, EdDSA: { name: 'Ed25519' } }
const signer = ({ alg, privateKey }) => async (text) =>
  Buffer.from(await crypto.subtle.sign(parameters[alg], privateKey, Buffer.from(text))).toString('base64url')
const verifier = ({ alg, publicKey }) => (text, signature) =>
  crypto.subtle.verify(parameters[alg], publicKey, Buffer.from(signature, 'base64url'), Buffer.from(text))

for (const alg of ['ES256', 'ES384', 'EdDSA']) {
  describe(`VCDM 2.0 as tokens, ${alg}`, () => {
    let issuer
    let holder
    before(async () => {
      issuer = await newKey(alg)
      holder = await newKey('ES256')
    })

    test('ours verifies with jose', async () => {
      const { result, data } = vc('issue', { input: DOCUMENT, key: issuer.method, feature: 'credential_jose' })
      assert.equal(result, 'success', data)
      const { payload, protectedHeader } = await jose.jwtVerify(data, issuer.publicKey, { typ: 'vc+jwt', algorithms: [alg] })
      assert.deepEqual(payload, DOCUMENT)
      assert.deepEqual(protectedHeader, { alg, typ: 'vc+jwt', cty: 'vc', kid: issuer.id })
    })

    test("jose's verifies here, changed or of another type or key it does not", async () => {
      const make = (typ) => new jose.SignJWT(DOCUMENT).setProtectedHeader({ alg, typ, kid: issuer.id }).setExpirationTime('1h').sign(issuer.privateKey)
      const verify = (input, key = publicMethod(issuer)) => vc('verify', { input, key, feature: 'credential_jose' })
      const good = await make('vc+jwt')
      const verified = verify(good)
      assert.equal(verified.result, 'success', verified.data)
      assert.deepEqual(verified.data.credentialSubject, DOCUMENT.credentialSubject)
      assert.equal(verify(await make('JWT')).result, 'failure')
      assert.equal(verify(good.replace(/\.[^.]{8}/, '.AAAAAAAA')).result, 'failure')
      assert.match(verify(good, publicMethod(await newKey(alg))).data, /signature_wrong/)
    })

    for (const hash of ['sha-256', 'sha-384']) {
      test(`ours with ${hash}, nested, arrays and decoys, verifies with @sd-jwt/core`, async () => {
        const input = { ...DOCUMENT, cnf: { jwk: holder.publicJwk } }
        const feature = 'credential_sdjwt'
        const issued = vc('issue', { input, key: issuer.method, feature, sd: HIDDEN, decoys: 3, hash })
        assert.equal(issued.result, 'success', issued.data)
        const show = ['credentialSubject.address.street.name', 'credentialSubject.taxes[1].code']
        const shown = vc('present', { input: issued.data, key: holder.method, feature, show, nonce: NONCE, audience: AUDIENCE })
        assert.equal(shown.result, 'success', shown.data)
        const theirs = new SDJwtInstance({ hasher, verifier: verifier(issuer), kbVerifier: verifier(holder) })
        const { payload, kb } = await theirs.verify(shown.data, { keyBindingNonce: NONCE })
        assert.equal(kb.payload.aud, AUDIENCE)
        const { id, address, taxes, name } = payload.credentialSubject
        assert.deepEqual({ id, address, taxes }, { id: 'did:example:holder', address: { city: '合肥', street: { name: '长江中路' } }, taxes: [{ code: 'b' }] })
        assert.equal(name, undefined)
      })
    }

    test("@sd-jwt/core's verifies here, without its binding it does not", async () => {
      const theirs = new SDJwtInstance({
        hasher,
        hashAlg: 'sha-256',
        saltGenerator: (length) => randomBytes(length).toString('base64url'),
        signer: signer(issuer),
        signAlg: alg,
        kbSigner: signer(holder),
        kbSignAlg: 'ES256',
      })
      const payload = { ...DOCUMENT, cnf: { jwk: holder.publicJwk } }
      const issued = await theirs.issue(payload, FRAME, { header: { typ: 'vc+sd-jwt', kid: issuer.id } })
      const feature = 'credential_sdjwt'
      const whole = vc('verify', { input: issued, key: publicMethod(issuer), feature })
      assert.equal(whole.result, 'success', whole.data)
      assert.deepEqual(whole.data.credentialSubject, DOCUMENT.credentialSubject)
      const kb = { payload: { iat: Math.floor(Date.now() / 1000), aud: AUDIENCE, nonce: NONCE } }
      const presented = await theirs.present(issued, { credentialSubject: { address: { street: true }, taxes: { 2: true } } }, { kb })
      const verify = (input, nonce = NONCE) => vc('verify', { input, key: publicMethod(issuer), feature, nonce, audience: AUDIENCE })
      const verified = verify(presented)
      assert.equal(verified.result, 'success', verified.data)
      assert.equal(verified.data.credentialSubject.name, undefined)
      assert.equal(verified.data.credentialSubject.address.city, '合肥')
      assert.match(verify(presented, 'another').data, /nonce_wrong/)
      assert.match(verify(presented.slice(0, presented.lastIndexOf('~') + 1)).data, /key_binding_missing/)
    })
  })
}
