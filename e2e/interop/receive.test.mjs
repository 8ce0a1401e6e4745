// A wallet from npm takes credentials from our issuer: OpenID4VCI, pre-authorized code with tx_code, SD-JWT VC.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { approvedOffer, change, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { CLAIMS, CONFIGURATION, TYPE, VCT } from './lib/licence.mjs'
import { verifySdJwt } from './lib/sdjwt.mjs'
import { statusOf } from './lib/status.mjs'
import { receive } from './lib/wallet.mjs'

const resolve = didResolver(stack.chain.url, 'assertionMethod')

describe('npm wallet ← our issuer', () => {
  for (const [how, link, alg] of [
    ['by reference, bound to a P-256 key', 'offer_uri', 'ES256'],
    ['by value, bound to an Ed25519 key', 'offer_uri_by_value', 'EdDSA'],
  ]) {
    test(`an offer ${how}, becomes a credential that the issuer's key on the chain verifies`, async () => {
      const offer = await approvedOffer(TYPE, CLAIMS)
      const held = await receive({ offer: offer[link], txCode: offer.tx_code, configurationId: CONFIGURATION, alg })
      assert.equal(held.offered.credential_issuer, offer.issuer.url)

      const { claims, header } = await verifySdJwt(held.credential, { resolve })
      assert.ok(header.kid.startsWith(`${offer.issuer.did}#`), header.kid)
      assert.equal(claims.iss, offer.issuer.did)
      assert.equal(claims.vct, VCT)
      for (const [name, value] of Object.entries(CLAIMS)) assert.deepEqual(claims[name], value, name)
      assert.equal(claims.cnf.jwk.x, held.key.publicJwk.x)
    })
  }

  test('the metadata says what the libraries know how to read', async () => {
    const offer = await approvedOffer(TYPE, CLAIMS)
    const { metadata } = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
    const known = metadata.knownCredentialConfigurations[CONFIGURATION]
    assert.equal(known.format, 'dc+sd-jwt')
    assert.equal(known.vct, VCT)
    assert.ok(known.credential_metadata.display.some(({ locale }) => locale === 'zh'))
  })

  test('a wrong tx_code and a used code are refused as OAuth says, and the right one works once', async () => {
    const offer = await approvedOffer(TYPE, CLAIMS)
    const wrong = offer.tx_code === '000000' ? '111111' : '000000'
    const attempt = (txCode) => receive({ offer: offer.offer_uri_by_value, txCode, configurationId: CONFIGURATION })
    const invalidGrant = (error) => error.errorResponse?.error === 'invalid_grant'
    await assert.rejects(attempt(wrong), invalidGrant)
    await attempt(offer.tx_code)
    await assert.rejects(attempt(offer.tx_code), invalidGrant)
  })

  test('the status list that a credential points to is signed by its issuer and follows a revocation', async () => {
    const offer = await approvedOffer(TYPE, CLAIMS)
    const { credential } = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
    const { claims } = await verifySdJwt(credential, { resolve })
    assert.equal(await statusOf(claims.status.status_list, resolve), 0)
    await change(offer, 'suspend')
    assert.equal(await statusOf(claims.status.status_list, resolve), 2)
    await change(offer, 'reinstate')
    assert.equal(await statusOf(claims.status.status_list, resolve), 0)
    await change(offer, 'revoke')
    assert.equal(await statusOf(claims.status.status_list, resolve), 1)
  })
})
