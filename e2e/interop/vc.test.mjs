// vc+jwt and vp+jwt with npm's jose, vc+sd-jwt with @sd-jwt/core: theirs verify here, ours verify there, changed ones nowhere.
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
/** A holder is a did:jwk. */
async function newHolder(alg) {
  const key = await newKey(alg)
  const did = `did:jwk:${Buffer.from(JSON.stringify(key.publicJwk)).toString('base64url')}`
  const id = `${did}#0`
  return { ...key, did, id, method: { ...key.method, id, controller: did } }
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

    const held = (subject, key = issuer) =>
      new jose.SignJWT({ ...DOCUMENT, credentialSubject: { ...DOCUMENT.credentialSubject, id: subject.did } })
        .setProtectedHeader({ alg, typ: 'vc+jwt', kid: key.id })
        .sign(key.privateKey)
    const presentation = (holder, token) => ({
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      type: ['VerifiablePresentation'],
      holder: holder.did,
      verifiableCredential: [
        {
          '@context': 'https://www.w3.org/ns/credentials/v2',
          id: `data:application/vc+jwt,${token}`,
          type: 'EnvelopedVerifiableCredential',
        },
      ],
      aud: AUDIENCE,
      nonce: NONCE,
      iat: Math.floor(Date.now() / 1000),
    })

    test('our presentation verifies with jose, and so does what is inside', async () => {
      const subject = await newHolder(alg)
      const input = presentation(subject, await held(subject))
      const { result, data } = vc('issue', { input, key: subject.method, feature: 'presentation_jose' })
      assert.equal(result, 'success', data)
      const asked = { typ: 'vp+jwt', algorithms: [alg], audience: AUDIENCE }
      const { payload, protectedHeader } = await jose.jwtVerify(data, subject.publicKey, asked)
      assert.deepEqual(payload, input)
      assert.deepEqual(protectedHeader, { alg, typ: 'vp+jwt', cty: 'vp', kid: subject.id })
      const inside = payload.verifiableCredential[0].id.split(',')[1]
      await jose.jwtVerify(inside, issuer.publicKey, { typ: 'vc+jwt', algorithms: [alg] })
      const another = await newHolder(alg)
      await assert.rejects(jose.jwtVerify(data, another.publicKey, asked))
    })

    test("jose's presentation verifies here, for something else or by somebody else it does not", async () => {
      const subject = await newHolder(alg)
      const sign = (document, by = subject, typ = 'vp+jwt') =>
        new jose.SignJWT(document).setProtectedHeader({ alg, typ, kid: by.id }).sign(by.privateKey)
      const verify = (input, { by = subject, nonce = NONCE, audience = AUDIENCE } = {}) => {
        const [key, issuerKeys] = [publicMethod(by), [publicMethod(issuer)]]
        return vc('verify', { input, key, issuerKeys, feature: 'presentation_jose', nonce, audience })
      }
      const document = presentation(subject, await held(subject))
      const good = await sign(document)
      const verified = verify(good)
      assert.equal(verified.result, 'success', verified.data)
      assert.deepEqual(verified.data.credentials, [{ issuer: ISSUER, verified: true }])
      assert.deepEqual(verified.data.presentation, document)
      assert.match(verify(good, { nonce: 'another' }).data, /nonce_wrong/)
      assert.match(verify(good, { audience: 'https://other.example' }).data, /audience_wrong/)
      assert.match(verify(await sign({ ...document, iat: 1_700_000_000 })).data, /key_binding_too_old/)
      assert.equal(verify(await sign(document, subject, 'vc+jwt')).result, 'failure')
      const thief = await newHolder(alg)
      assert.match(verify(good, { by: thief }).data, /key_binding_signature_wrong/)
      assert.match(verify(await sign({ ...document, holder: thief.did }, thief), { by: thief }).data, /holder_is_another/)
      const forged = presentation(subject, await held(subject, { ...thief, id: issuer.id }))
      assert.match(verify(await sign(forged)).data, /signature_wrong/)
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
