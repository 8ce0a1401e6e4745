// A reader from npm that knows certificates alone takes what our issuer signs, as HAIP 1.0 asks: credentials, metadata, status lists.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { approvedOffer, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { CLAIMS, CONFIGURATION, TYPE, VCT } from './lib/licence.mjs'
import { headerOf, verifySdJwt } from './lib/sdjwt.mjs'
import { statusOf } from './lib/status.mjs'
import { receive } from './lib/wallet.mjs'
import { rootOf, urisOf, x5cResolver } from './lib/x5c.mjs'

describe('npm reader of certificates ← our issuer', () => {
  let offer, held, resolve

  before(async () => {
    offer = await approvedOffer(TYPE, CLAIMS)
    held = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
    resolve = x5cResolver([await rootOf(offer.issuer)])
  })

  test('a credential is verified by the key in its certificate, below the root', async () => {
    const { claims, header } = await verifySdJwt(held.credential, { resolve })
    assert.equal(claims.vct, VCT)
    for (const [name, value] of Object.entries(CLAIMS)) assert.deepEqual(claims[name], value, name)
    // Certificate and chain name one key.
    assert.deepEqual(urisOf(header.x5c[0]), [header.kid])
    const byChain = await didResolver(stack.chain.url, 'assertionMethod')(header.kid)
    const byCertificate = await resolve(header.kid, header)
    assert.deepEqual([byCertificate.x, byCertificate.y], [byChain.x, byChain.y])
  })

  test('so are the status list that it points to, and the signed metadata', async () => {
    const { claims } = await verifySdJwt(held.credential, { resolve })
    assert.equal(await statusOf(claims.status.status_list, resolve), 0)
    const url = `${offer.issuer.url}/.well-known/openid-credential-issuer`
    const response = await fetch(url, { headers: { accept: 'application/jwt' } })
    assert.equal(response.status, 200)
    const token = await response.text()
    const key = await importJWK(await resolve(undefined, decodeProtectedHeader(token)), 'ES256')
    const { payload } = await jwtVerify(token, key, { algorithms: ['ES256'], typ: 'openidvci-issuer-metadata+jwt', subject: offer.issuer.url })
    assert.ok(payload.credential_configurations_supported[CONFIGURATION])
  })

  test("below another issuer's root, or after its time, it is not believed", async () => {
    const others = Object.values(stack.issuers).filter(({ url }) => url !== offer.issuer.url)
    const stranger = x5cResolver([await rootOf(others[0])])
    await assert.rejects(verifySdJwt(held.credential, { resolve: stranger }), /lead to no root/)
    const tooLate = x5cResolver([await rootOf(offer.issuer)], new Date('2046-01-01T00:00:00Z'))
    await assert.rejects(verifySdJwt(held.credential, { resolve: tooLate }), /does not count now/)
    const header = headerOf(held.credential)
    await assert.rejects(resolve(header.kid, { ...header, x5c: [] }), /no certificate/)
  })
})
