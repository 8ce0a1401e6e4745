// A wallet from npm shows a credential of our issuer to our verifier: OpenID4VP within HAIP, DCQL, key binding.
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { approvedOffer, call, change, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { newKey } from './lib/keys.mjs'
import { CLAIMS, CONFIGURATION, TYPE } from './lib/licence.mjs'
import { receive, resolveRequest, respond } from './lib/wallet.mjs'

const PURPOSE = 'company-service'
const resolve = didResolver(stack.chain.url, 'authentication')
const requests = `${stack.verifier.url}/api/requests`
const token = stack.staff_token

async function newLicence() {
  const offer = await approvedOffer(TYPE, CLAIMS)
  const held = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
  return { offer, held }
}

const ask = (how = {}) => call('POST', requests, { token, body: { purpose: PURPOSE, ...how } })
const decisionOn = ({ id }) => call('GET', `${requests}/${id}`, { token })
const failedChecks = ({ checks }) => checks.filter(({ outcome }) => outcome !== 'passed').map(({ id }) => id)

describe('npm wallet → our verifier', () => {
  let offer
  let held
  before(async () => {
    ;({ offer, held } = await newLicence())
  })

  test('the signed request is the verifier’s by its DID on the chain, and says its purpose', async () => {
    const { request, payload } = await resolveRequest((await ask()).link, resolve)
    assert.equal(request.client.prefix, 'decentralized_identifier')
    assert.equal(request.client.identifier, stack.verifier.did)
    assert.equal(payload.client_id, stack.verifier.client_id)
    assert.equal(payload.response_mode, 'direct_post.jwt')
    assert.deepEqual(payload.verifier_info, [{ format: 'huizheng.purpose', data: { purpose: PURPOSE } }])
  })

  test('what it asks is shown and accepted, every check passed', async () => {
    const asked = await ask()
    const { status, disclosed } = await respond(await resolveRequest(asked.link, resolve), [held])
    assert.equal(status, 200)
    const decision = await decisionOn(asked)
    assert.equal(decision.decision, 'accepted', JSON.stringify(decision.checks, null, 1))
    assert.deepEqual(failedChecks(decision), [])
    const [shown] = Object.values(decision.claims)
    const [sent] = Object.values(disclosed)
    assert.deepEqual(shown, sent)
    assert.deepEqual(Object.keys(shown).sort(), ['creditCode', 'legalRepresentative', 'name'])
  })

  for (const client_id_prefix of ['decentralized_identifier', 'x509_hash', 'x509_san_dns']) {
    for (const response_mode of ['direct_post', 'direct_post.jwt']) {
      for (const request_uri_method of ['get', 'post']) {
        test(`${client_id_prefix}, ${response_mode}, request_uri by ${request_uri_method}`, async () => {
          const asked = await ask({ client_id_prefix, response_mode, request_uri_method })
          const resolved = await resolveRequest(asked.link, resolve)
          assert.equal(resolved.request.client.prefix, client_id_prefix)
          assert.equal(resolved.payload.response_mode, response_mode)
          // What is to be posted for is not to be had otherwise.
          const got = await fetch(asked.request_uri)
          assert.equal(got.status, request_uri_method === 'post' ? 400 : 200)
          const { status } = await respond(resolved, [held])
          assert.equal(status, 200)
          assert.equal((await decisionOn(asked)).decision, 'accepted')
        })
      }
    }
  }

  for (const [name, forged, check] of [
    ['nonce of another request', () => ({ nonce: 'bm9uY2Utb2YtYW5vdGhlci1yZXF1ZXN0' }), 'nonce'],
    ['audience of another verifier', () => ({ audience: `decentralized_identifier:${offer.issuer.did}` }), 'audience'],
    ['key of another holder', () => ({ key: newKey() }), 'holder_binding'],
  ]) {
    test(`a presentation with the ${name} is refused by that check`, async () => {
      const asked = await ask()
      const { status, body } = await respond(await resolveRequest(asked.link, resolve), [held], forged())
      assert.equal(status, 400)
      assert.equal(body.error, 'invalid_request')
      const decision = await decisionOn(asked)
      assert.equal(decision.decision, 'refused')
      assert.ok(failedChecks(decision).includes(check), failedChecks(decision).join(', '))
      assert.deepEqual(decision.claims, {})
    })
  }

  test('a presentation sent twice is refused the second time', async () => {
    const resolved = await resolveRequest((await ask()).link, resolve)
    assert.equal((await respond(resolved, [held])).status, 200)
    const again = await respond(resolved, [held])
    assert.equal(again.status, 409)
    assert.equal(again.body.error, 'invalid_request')
  })

  test('a revoked licence is refused for its status alone', async () => {
    const revoked = await newLicence()
    await change(revoked.offer, 'revoke')
    const asked = await ask()
    assert.equal((await respond(await resolveRequest(asked.link, resolve), [revoked.held])).status, 200)
    const decision = await decisionOn(asked)
    assert.equal(decision.decision, 'refused')
    assert.deepEqual(failedChecks(decision), ['status'])
  })
})
