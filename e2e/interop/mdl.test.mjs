// The driver's licence as ISO mdoc over OpenID4VCI and OpenID4VP: a wallet and a verifier around @auth0/mdl with our services.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { approvedOffer, call, change, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { newOrganisation, newWallet, registerPurpose, scratch } from './lib/huizheng.mjs'
import { newKey } from './lib/keys.mjs'
import { MDL, NAMESPACE, OWN, presentMdl, rootOf, sessionOf, verifyMdl } from './lib/mdl.mjs'
import { Verifier } from './lib/verifier.mjs'
import { receive, resolveRequest } from './lib/wallet.mjs'

const TYPE = 'drivers-licence'
const CONFIGURATION = `${TYPE}-mdoc`
const PORTRAIT =
  'data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/wAALCAA8ADABAREA/8QAGQABAAMBAQAAAAAAAAAAAAAAAAIDBQQB/8QALBAAAgIBAQQIBwAAAAAAAAAAAQIAAxEEEiExUQUTIjRBcbHBIzJhcoGRof/aAAgBAQAAPwDZiIiIgkAEngJw23NYTvOz4CRrtes9k7uXhO9GDqGHAz2JXqTihsThidmjPwj5y6IYbSlTwIxM+ytq2IIP0POeKrOcKCTO+tOrQKDnElEjbalKF3OAP7M23X2WblVVXyzPKtdbXxCsM8MY9Jo6e9L02l3EcRylkTH1d5vuJz2RuUSmJOm1qbA6+HEcxym2rBlDKcgjIlWrbY0thxndj97pjRETV6Oba0oGPlJHv7yWv7o/49RMiIiafRnd2+8+gn//2Q=='
/** Claims that satisfy every check of the type. Nobody is called so. */
const CLAIMS = {
  familyName: '程',
  givenName: '知夏',
  familyNameLatin: 'CHENG',
  givenNameLatin: 'ZHIXIA',
  sex: 'female',
  nationality: 'CN',
  address: '安徽省合肥市蜀山区示例路86号3幢1202室',
  birthDate: '1988-03-21',
  firstIssued: '2012-06-08',
  class: 'C1',
  fileNumber: '340100123456',
  pointsState: 'normal',
  licenceNumber: '34010219880321214X',
  portrait: PORTRAIT,
  issuingAuthority: '合肥市公安局交通警察支队',
  issuingAuthorityLatin: 'Traffic Police of Hefei',
}

const requests = `${stack.verifier.url}/api/requests`
const token = stack.staff_token
const resolve = didResolver(stack.chain.url, 'authentication')

describe('@auth0/mdl ↔ our services', () => {
  let offer
  let held
  let root
  before(async () => {
    offer = await approvedOffer(TYPE, CLAIMS)
    held = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
    root = await rootOf(offer.issuer)
  })

  /** Our counter asks; what the wallet shows, and what the counter decides. */
  async function show({ session = sessionOf, key = held.key, extra = [] } = {}) {
    const asked = await call('POST', requests, { token, body: { purpose: 'driving-check', response_mode: 'direct_post' } })
    const { payload } = await resolveRequest(asked.link, resolve)
    const query = payload.dcql_query.credentials.find(({ format }) => format === 'mso_mdoc')
    const elements = [...query.claims.map(({ path }) => path), ...extra]
    const presentation = await presentMdl({ ...held, key }, elements, session(payload))
    const answered = await fetch(payload.response_uri, {
      method: 'POST',
      body: new URLSearchParams({ vp_token: JSON.stringify({ [query.id]: [presentation] }), state: payload.state }),
    })
    const decision = await call('GET', `${requests}/${asked.id}`, { token })
    const failed = decision.checks.filter(({ outcome }) => outcome !== 'passed').map(({ id }) => id)
    return { status: answered.status, decision, failed, presentation, payload }
  }

  test('a wallet from npm receives one, shows it, and every check of our counter passes', async () => {
    assert.equal(held.metadata.knownCredentialConfigurations[CONFIGURATION].doctype, MDL)
    const { status, decision, failed } = await show()
    assert.deepEqual(failed, [], JSON.stringify(decision.checks, null, 1))
    assert.equal(status, 200)
    assert.equal(decision.decision, 'accepted')
    const [shown] = Object.values(decision.claims)
    assert.equal(shown.familyName, CLAIMS.familyName)
    assert.equal(shown.class, CLAIMS.class)
    assert.equal(shown.portrait, CLAIMS.portrait)
    assert.equal('birthDate' in shown, false)
  })

  for (const [name, forged, check] of [
    ['nonce of another request', { session: (request) => sessionOf({ ...request, nonce: 'bm9uY2Utb2YtYW5vdGhlcg' }) }, 'holder_binding'],
    ['session of another verifier', { session: (request) => sessionOf({ ...request, client_id: `${request.client_id}x` }) }, 'holder_binding'],
    ['key of another holder', { key: newKey() }, 'holder_binding'],
    ['element that was not asked for', { extra: [[NAMESPACE, 'birth_date']] }, 'only_what_was_asked'],
  ]) {
    test(`one with the ${name} is refused by that check`, async () => {
      const { status, decision, failed } = await show(forged)
      assert.equal(status, 400)
      assert.equal(decision.decision, 'refused')
      assert.ok(failed.includes(check), failed.join(', '))
      const shown = Object.values(decision.claims).flatMap(Object.keys)
      if (check === 'holder_binding') assert.deepEqual(shown, [])
      assert.equal(shown.includes('birthDate'), false)
    })
  }

  describe('a verifier around @auth0/mdl ← our wallet', () => {
    const folders = []
    const folder = () => {
      folders.push(scratch())
      return folders.at(-1).path
    }
    const PURPOSE = {
      purpose: 'rent-a-car',
      verifierName: { zh: '示例租车', en: 'Example Car Rental' },
      purposeName: { zh: '租车', en: 'Renting a car' },
      legalBasis: 'consent',
      legalText: { zh: '本人同意', en: 'Your consent' },
      asks: [{ credentialType: TYPE, claims: ['familyNameLatin', 'class', 'ageOver18', 'firstIssued', 'validUntil'] }],
      retentionDays: 30,
    }
    const asking = (...paths) => ({
      credentials: [{ id: 'licence', format: 'mso_mdoc', meta: { doctype_value: MDL }, claims: paths.map((path) => ({ path })) }],
    })
    let wallet
    let verifier
    let mine
    before(async () => {
      wallet = await newWallet(folder())
      mine = await approvedOffer(TYPE, CLAIMS)
      await wallet.receive(mine.offer_uri, mine.tx_code)
      const organisation = await newOrganisation(folder())
      await registerPurpose(organisation, folder(), PURPOSE)
      const verifyMdoc = (presentation, payload) => verifyMdl(presentation, sessionOf(payload), [root])
      verifier = await Verifier.start({ ...organisation, resolve, name: PURPOSE.verifierName.zh, verifyMdoc })
    })
    after(async () => {
      await verifier?.close()
      for (const one of folders) one.remove()
    })

    test('what our wallet shows of what our issuer issued verifies there, and is what was asked', async () => {
      const asked = [[NAMESPACE, 'family_name'], [NAMESPACE, 'age_over_18'], [NAMESPACE, 'driving_privileges'], [OWN, 'class']]
      const { id, link } = verifier.ask({ dcql: asking(...asked), purpose: PURPOSE.purpose })
      await wallet.present(link)
      const { accepted, claims, reason } = verifier.outcome(id)
      assert.ok(accepted, reason)
      const [licence] = claims.licence
      assert.deepEqual(Object.keys(licence[NAMESPACE]).sort(), ['age_over_18', 'driving_privileges', 'family_name'])
      assert.equal(licence[NAMESPACE].family_name, 'CHENG')
      assert.equal(licence[NAMESPACE].age_over_18, true)
      // Their maps stay maps.
      const [privilege] = licence[NAMESPACE].driving_privileges
      assert.equal(privilege.get('vehicle_category_code'), 'B')
      assert.deepEqual(licence[OWN], { class: 'C1' })
    })

    test('an element beyond the purpose, and nothing leaves', async () => {
      const { id, link } = verifier.ask({ dcql: asking([NAMESPACE, 'birth_date']), purpose: PURPOSE.purpose })
      await assert.rejects(wallet.present(link), ({ stderr }) => /birthDate|more than/.test(stderr))
      assert.notEqual(verifier.outcome(id)?.accepted, true)
    })
  })

  test('a revoked licence is refused for its status alone', async () => {
    await change(offer, 'revoke')
    const { status, decision, failed } = await show()
    assert.equal(status, 200)
    assert.equal(decision.decision, 'refused')
    assert.deepEqual(failed, ['status'])
  })
})
