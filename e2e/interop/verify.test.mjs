// A verifier from npm asks our wallet: OpenID4VP, signed request by reference, DCQL, direct_post, key binding.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { after, before, describe, test } from 'node:test'
import { approvedOffer, change, stack } from '../stack.mjs'
import { verifyPresentation } from './lib/digitalbazaar.mjs'
import { didResolver, resolveDid } from './lib/did.mjs'
import { newOrganisation, newWallet, registerPurpose, scratch } from './lib/huizheng.mjs'
import { newKey } from './lib/keys.mjs'
import { CLAIMS, TYPE, VCT } from './lib/licence.mjs'
import { Verifier } from './lib/verifier.mjs'

const PURPOSE = {
  purpose: 'open-account',
  verifierName: { zh: '江淮示例银行', en: 'Jianghuai Example Bank' },
  purposeName: { zh: '企业开户', en: 'Opening a company account' },
  legalBasis: 'consent',
  legalText: { zh: '本人同意', en: 'Your consent' },
  asks: [{ credentialType: TYPE, claims: ['name', 'creditCode'] }],
  retentionDays: 30,
}

// The licence as W3C credential can only be shown as a whole.
const W3C_PURPOSE = { ...PURPOSE, purpose: 'keep-originals', asks: [{ credentialType: TYPE, claims: Object.keys(CLAIMS) }] }
const W3C = { holder: 'ecdsa-jcs-2019', issuer: 'eddsa-jcs-2022' }
const context = (name) => JSON.parse(readFileSync(new URL(`../../crates/credentials/src/jsonld/contexts/${name}`, import.meta.url)))
const known = {
  contexts: { 'https://schema.huizheng.example/2026/v1': context('huizheng-2026-v1.jsonld') },
  resolve: (did) => resolveDid(stack.chain.url, did),
}

const asking = (...names) => ({
  credentials: [{ id: 'licence', format: 'dc+sd-jwt', meta: { vct_values: [VCT] }, claims: names.map((name) => ({ path: [name] })) }],
})

describe('npm verifier ← our wallet', () => {
  const folders = []
  const verifiers = []
  const folder = () => {
    folders.push(scratch())
    return folders.at(-1).path
  }
  const resolve = didResolver(stack.chain.url, 'assertionMethod')
  const start = async (organisation) => {
    const verifier = await Verifier.start({ ...organisation, resolve, name: PURPOSE.verifierName.zh })
    verifiers.push(verifier)
    return verifier
  }

  let wallet
  let offer
  let registered
  let verifier
  before(async () => {
    wallet = await newWallet(folder())
    offer = await approvedOffer(TYPE, CLAIMS)
    await wallet.receive(offer.offer_uri, offer.tx_code)
    registered = await newOrganisation(folder())
    await registerPurpose(registered, folder(), PURPOSE)
    await registerPurpose(registered, folder(), W3C_PURPOSE)
    verifier = await start(registered)
  })
  after(async () => {
    for (const one of verifiers) await one.close()
    for (const one of folders) one.remove()
  })

  for (const method of ['get', 'post']) {
    test(`a registered verifier gets what its purpose allows (request fetched by ${method})`, async () => {
      const { id, link } = verifier.ask({ dcql: asking('name', 'creditCode'), purpose: PURPOSE.purpose, method })
      await wallet.present(link)
      const { accepted, claims, reason } = verifier.outcome(id)
      assert.ok(accepted, reason)
      const [licence] = claims.licence
      assert.equal(licence.name, CLAIMS.name)
      assert.equal(licence.creditCode, CLAIMS.creditCode)
      for (const name of Object.keys(CLAIMS)) {
        assert.equal(name in licence, PURPOSE.asks[0].claims.includes(name), name)
      }
      const [entry] = await wallet.log()
      assert.match(JSON.stringify(entry), new RegExp(PURPOSE.verifierName.en))
    })
  }

  const refuses = async (by, request, reason) => {
    const { id, link } = by.ask(request)
    await assert.rejects(wallet.present(link), (error) => {
      assert.match(error.stderr, reason)
      return true
    })
    const outcome = by.outcome(id)
    assert.notEqual(outcome?.accepted, true)
    assert.equal(outcome?.claims, undefined)
    return outcome
  }

  test('one claim more than the purpose allows, and the wallet sends nothing but its refusal', async () => {
    const outcome = await refuses(
      verifier,
      { dcql: asking('name', 'creditCode', 'registeredCapital'), purpose: PURPOSE.purpose },
      /registeredCapital|more than/,
    )
    assert.equal(outcome.error, 'access_denied')
  })

  test('a purpose that is not registered is refused by the wallet', async () => {
    await refuses(verifier, { dcql: asking('name'), purpose: 'something-else' }, /not registered/)
  })

  test('an organisation without any purpose is refused by the wallet', async () => {
    const nobody = await start(await newOrganisation(folder()))
    await refuses(nobody, { dcql: asking('name'), purpose: PURPOSE.purpose }, /not registered/)
  })

  test('a request signed by another key than its DID’s is refused by the wallet', async () => {
    const impostor = await start({ ...registered, key: newKey() })
    await refuses(impostor, { dcql: asking('name'), purpose: PURPOSE.purpose }, /sign/)
  })

  test('the licence as W3C credential: their library takes the presentation, its proof and the issuer’s', async () => {
    let again
    const w3c = await start({
      ...registered,
      verifyW3c: async (presentation, { nonce, client_id }) => {
        const check = (challenge, domain) => verifyPresentation(presentation, { challenge, domain, ...W3C }, known)
        again = () => check(nonce, client_id)
        const { verified, error, ...results } = await check(nonce, client_id)
        assert.ok(verified, inspect(error ?? results, { depth: 6 }))
        assert.equal((await check(`${nonce}x`, client_id)).verified, false, 'for another challenge it is not')
        assert.equal((await check(nonce, 'another')).verified, false, 'nor for another verifier')
        return [presentation.verifiableCredential].flat()[0]
      },
    })
    const dcql = {
      credentials: [{
        id: 'licence',
        format: 'ldp_vc',
        meta: { type_values: [['BusinessLicence']] },
        claims: [{ path: ['credentialSubject', 'name'] }],
      }],
    }
    const { id, link } = w3c.ask({ dcql, purpose: W3C_PURPOSE.purpose })
    await wallet.present(link).catch(() => {})
    const { accepted, claims, reason } = w3c.outcome(id)
    assert.ok(accepted, reason)
    assert.equal(claims.licence[0].credentialSubject.name, CLAIMS.name)
    // Revoked, it is so by the issuer's Bitstring Status List too, as soon as that is made anew.
    await change(offer, 'revoke')
    const over = Date.now() + 60_000
    while ((await again()).verified) {
      assert.ok(Date.now() < over, 'the list never says so')
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  })
})
