// One-stop by a wallet from npm: a licence is presented to the tax bureau's issuer, which takes it as the application.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { approvedOffer, call, change, issuerOf, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { newKey } from './lib/keys.mjs'
import { CLAIMS, CONFIGURATION, TYPE } from './lib/licence.mjs'
import { verifySdJwt } from './lib/sdjwt.mjs'
import { receive, resolveRequest, respond } from './lib/wallet.mjs'

const TAX = 'tax-registration'
const bureau = issuerOf(TAX)
const presentations = `${bureau.url}/api/presentations`
const resolve = didResolver(stack.chain.url, 'authentication')
const token = stack.staff_token

const ask = () => call('POST', presentations, { body: { type: TAX } })
const look = ({ id }) => call('GET', `${presentations}/${id}`)
const applications = async () => (await call('GET', `${bureau.url}/api/applications`, { token })).applications.map(({ id }) => id)

describe('npm wallet → the tax bureau’s issuer, in the place of a form', () => {
  let offer, held
  before(async () => {
    offer = await approvedOffer(TYPE, CLAIMS)
    held = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
  })

  test('what is asked is signed by the bureau’s DID, encrypted, for its registered purpose, and two claims', async () => {
    const { request, payload } = await resolveRequest((await ask()).link, resolve)
    assert.equal(request.client.identifier, bureau.did)
    assert.equal(payload.response_mode, 'direct_post.jwt')
    assert.deepEqual(payload.verifier_info, [{ format: 'huizheng.purpose', data: { purpose: TAX } }])
    const [{ claims }] = payload.dcql_query.credentials
    assert.deepEqual(claims.map(({ path }) => path.join('.')).sort(), ['creditCode', 'name'])
  })

  test('the licence becomes the confirmation, and no field is typed; the answer counts once', async () => {
    const asked = await ask()
    const resolved = await resolveRequest(asked.link, resolve)
    const { status, body } = await respond(resolved, [held])
    assert.equal(status, 200, JSON.stringify(body))
    assert.equal((await look(asked)).state, 'accepted')
    // The way on is the wallet's alone: it has the application and its key.
    const way = new URL(body.redirect_uri)
    const id = way.pathname.split('/').at(-1)
    const secret = way.searchParams.get('key')
    const { state } = await call('GET', `${bureau.url}/api/applications/${id}`, { token: secret })
    // Where the company applied before a clerk looks first.
    if (state === 'submitted') await call('POST', `${bureau.url}/api/applications/${id}/approve`, { token })
    const collecting = await call('GET', `${bureau.url}/api/applications/${id}/offer`, { token: secret })
    const confirmation = await receive({ offer: collecting.offer_uri, txCode: collecting.tx_code, configurationId: `${TAX}-sd-jwt` })
    const { claims } = await verifySdJwt(confirmation.credential, { resolve: didResolver(stack.chain.url, 'assertionMethod') })
    assert.deepEqual([claims.iss, claims.taxpayerNumber, claims.name], [bureau.did, CLAIMS.creditCode, CLAIMS.name])
    const again = await respond(resolved, [held])
    assert.equal(again.status, 409, JSON.stringify(again.body))
  })

  for (const [flaw, forged] of [
    ['by another key than the holder’s', () => ({ key: newKey('ES256') })],
    ['made for another nonce', () => ({ nonce: 'of-another-request' })],
    ['made for another verifier', () => ({ audience: `decentralized_identifier:${stack.verifier.did}` })],
    ['with more than was asked', () => ({ also: { legalRepresentative: true } })],
  ]) {
    test(`${flaw} it is refused, and nothing is applied for`, async () => {
      const before = await applications()
      const asked = await ask()
      const { status, body } = await respond(await resolveRequest(asked.link, resolve), [held], forged())
      assert.deepEqual([status, body.error], [400, 'invalid_request'], JSON.stringify(body))
      assert.equal((await look(asked)).state, 'refused')
      assert.deepEqual(await applications(), before)
    })
  }

  test('a licence that was revoked since becomes no application', async () => {
    await change(offer, 'revoke')
    const before = await applications()
    const asked = await ask()
    const { status, body } = await respond(await resolveRequest(asked.link, resolve), [held])
    assert.equal(status, 200, JSON.stringify(body))
    assert.ok(body.redirect_uri.includes('/presentations/'), body.redirect_uri)
    const { state, flaws } = await look(asked)
    assert.equal(state, 'refused')
    assert.deepEqual(flaws.map(({ check, code }) => `${check}: ${code}`), ['status: revoked'])
    assert.deepEqual(await applications(), before)
  })
})
