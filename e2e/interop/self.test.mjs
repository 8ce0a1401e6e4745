// The npm parties against each other, so that a failure of the stories beside this file is about our side.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Issuer } from './lib/issuer.mjs'
import { base58, jwkFromMultikey, newKey } from './lib/keys.mjs'
import { verifySdJwt } from './lib/sdjwt.mjs'
import { Verifier } from './lib/verifier.mjs'
import { receive, resolveRequest, respond } from './lib/wallet.mjs'

const VCT = 'urn:example:licence:1'
const CLAIMS = { name: '合肥云帆科技有限公司', creditCode: '91340100MA8TE5T02F', address: { city: '合肥', street: '长江中路1号' } }
const DCQL = {
  credentials: [
    {
      id: 'licence',
      format: 'dc+sd-jwt',
      meta: { vct_values: [VCT] },
      claims: [{ path: ['name'] }, { path: ['creditCode'] }],
    },
  ],
}

const party = (did) => ({ did, kid: `${did}#key-1`, key: newKey() })
const issuerParty = party('did:example:issuer')
const verifierParty = party('did:example:verifier')
const resolve = async (didUrl) => {
  const found = [issuerParty, verifierParty].find(({ kid }) => kid === didUrl)
  if (!found) throw new Error(`${didUrl} is nobody`)
  return found.key.publicJwk
}

describe('npm wallet, issuer and verifier among themselves', () => {
  let issuer
  let verifier
  let held

  before(async () => {
    issuer = await Issuer.start({ ...issuerParty, resolve, configurationId: 'licence-sd-jwt', vct: VCT, name: 'Issuer' })
    verifier = await Verifier.start({ ...verifierParty, resolve, name: 'Verifier' })
    const { link, txCode } = await issuer.offer(CLAIMS)
    held = await receive({ offer: link, txCode, configurationId: 'licence-sd-jwt' })
  })
  after(async () => {
    await issuer?.close()
    await verifier?.close()
  })

  test('the received credential verifies and carries every claim', async () => {
    const { claims } = await verifySdJwt(held.credential, { resolve })
    assert.equal(claims.name, CLAIMS.name)
    assert.deepEqual(claims.address, CLAIMS.address)
    assert.equal(claims.cnf.jwk.x, held.key.publicJwk.x)
  })

  test('a wrong tx_code and a used code are refused', async () => {
    const { link, txCode } = await issuer.offer(CLAIMS)
    const wrong = txCode === '000000' ? '111111' : '000000'
    await assert.rejects(receive({ offer: link, txCode: wrong, configurationId: 'licence-sd-jwt' }), /invalid_grant/)
    await receive({ offer: link, txCode, configurationId: 'licence-sd-jwt' })
    await assert.rejects(receive({ offer: link, txCode, configurationId: 'licence-sd-jwt' }), /invalid_grant/)
  })

  for (const method of ['get', 'post']) {
    test(`a request fetched by ${method} is answered with what it asks and no more`, async () => {
      const { id, link } = verifier.ask({ dcql: DCQL, method })
      const { status } = await respond(await resolveRequest(link, resolve), [held])
      assert.equal(status, 200)
      const { accepted, claims, reason } = verifier.outcome(id)
      assert.ok(accepted, reason)
      const [licence] = claims.licence
      assert.deepEqual(
        Object.keys(licence).sort(),
        ['cnf', 'creditCode', 'exp', 'iat', 'iss', 'name', 'nbf', 'vct'],
      )
    })
  }

  for (const [name, forged, reason] of [
    ['nonce of another request', { nonce: 'another' }, /nonce/i],
    ['audience of another verifier', { audience: 'decentralized_identifier:did:example:other' }, /audience/],
    ['key of another holder', { key: newKey() }, /signature/i],
  ]) {
    test(`a presentation with the ${name} is refused`, async () => {
      const { id, link } = verifier.ask({ dcql: DCQL })
      const { status } = await respond(await resolveRequest(link, resolve), [held], forged)
      assert.equal(status, 400)
      assert.equal(verifier.outcome(id).accepted, false)
      assert.match(verifier.outcome(id).reason, reason)
    })
  }

  test('a request signed by another key than its DID has is refused by the wallet', async () => {
    const impostor = await Verifier.start({ ...verifierParty, key: newKey(), resolve, name: 'Impostor' })
    try {
      const { link } = impostor.ask({ dcql: DCQL })
      await assert.rejects(resolveRequest(link, resolve))
    } finally {
      await impostor.close()
    }
  })
})

describe('keys', () => {
  test('a did:key of the specification becomes the key it names', () => {
    // did:key method, test vectors for Ed25519 and P-256.
    assert.equal(jwkFromMultikey('z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK').x, 'Lm_M42cB3HkUiODQsXRcweM6TByfzEHGO9ND274JcOY')
    const p256 = jwkFromMultikey('zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169')
    assert.equal(p256.x, 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI')
    assert.equal(p256.y, 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU')
  })

  test('leading zeros survive base58', () => {
    assert.deepEqual([...base58('112')], [0, 0, 1])
  })
})
