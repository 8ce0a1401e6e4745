// An issuer from npm gives our wallet a licence: OpenID4VCI, pre-authorized code with tx_code, SD-JWT VC.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { accredit, newOrganisation, newWallet, scratch } from './lib/huizheng.mjs'
import { Issuer } from './lib/issuer.mjs'
import { newKey } from './lib/keys.mjs'
import { CLAIMS, CONFIGURATION, TYPE, VCT } from './lib/licence.mjs'

const NAME = { zh: '芜湖市市场监督管理局', en: 'Wuhu Market Supervision Administration' }

describe('npm issuer → our wallet', () => {
  const folders = []
  const issuers = []
  const folder = () => {
    folders.push(scratch())
    return folders.at(-1).path
  }
  const resolve = didResolver(stack.chain.url, 'assertionMethod')
  const start = async (organisation) => {
    const issuer = await Issuer.start({ ...organisation, resolve, configurationId: CONFIGURATION, vct: VCT, name: NAME.zh })
    issuers.push(issuer)
    return issuer
  }

  let wallet
  let accredited
  let issuer
  before(async () => {
    wallet = await newWallet(folder())
    accredited = await newOrganisation(folder())
    await accredit(accredited, TYPE, NAME)
    issuer = await start(accredited)
  })
  after(async () => {
    for (const one of issuers) await one.close()
    for (const one of folders) one.remove()
  })

  const refuses = async (from, claims, reason) => {
    const { link, txCode } = await from.offer(claims)
    const before = await wallet.cards()
    await assert.rejects(wallet.receive(link, txCode), (error) => {
      assert.match(error.stderr, reason)
      return true
    })
    assert.deepEqual((await wallet.cards()).map(({ id }) => id), before.map(({ id }) => id))
  }

  test('an accredited issuer’s licence becomes a card with its claims and the registered name', async () => {
    const { link, txCode } = await issuer.offer(CLAIMS)
    await wallet.receive(link, txCode)
    const [card] = await wallet.cards()
    assert.equal(card.issuer, accredited.did)
    assert.deepEqual(card.issuerName, NAME)
    const claims = Object.fromEntries(card.claims.map(({ name, value }) => [name, value]))
    for (const [name, value] of Object.entries(CLAIMS)) assert.deepEqual(claims[name], value, name)
  })

  test('a wrong tx_code brings nothing', async () => {
    const { link, txCode } = await issuer.offer(CLAIMS)
    const wrong = txCode === '000000' ? '111111' : '000000'
    await assert.rejects(wallet.receive(link, wrong), /refused/)
  })

  test('an issuer that nobody accredited is refused by the wallet', async () => {
    await refuses(await start(await newOrganisation(folder())), CLAIMS, /not accredited for business-licence/)
  })

  test('a signature by another key than the one named is refused by the wallet', async () => {
    await refuses(await start({ ...accredited, key: newKey() }), CLAIMS, /signature/i)
  })

  test('a licence with a credit code that can’t be is refused by the wallet', async () => {
    await refuses(issuer, { ...CLAIMS, creditCode: '91340100MA8HUE6K0A' }, /creditCode/)
  })
})
