// A verifier from npm asks our wallet: OpenID4VP, signed request by reference, DCQL, direct_post, key binding.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { approvedOffer, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
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
  let registered
  let verifier
  before(async () => {
    wallet = await newWallet(folder())
    const offer = await approvedOffer(TYPE, CLAIMS)
    await wallet.receive(offer.offer_uri, offer.tx_code)
    registered = await newOrganisation(folder())
    await registerPurpose(registered, folder(), PURPOSE)
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
})
