// A department whose chain is away: what its desk asks for is noted, shown as pending, and made once the chain is back.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, stack } from '../stack.mjs'
import { accredit, scratch } from '../interop/lib/huizheng.mjs'
import { CLAIMS, CONFIGURATION, TYPE } from '../interop/lib/licence.mjs'
import { line, startIssuer } from '../interop/lib/process.mjs'
import { receive } from '../interop/lib/wallet.mjs'
import { launch } from './lib/browser.mjs'
import { Clerk } from './lib/people.mjs'
import { steps } from './lib/steps.mjs'

const step = steps()
const seen = []
const folder = scratch()
let browser, chain, issuer, clerk, page

before(async () => {
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await issuer?.stop()
  await chain?.cut()
  folder.remove()
})

step('a department issues a licence', async () => {
  chain = await line(stack.chain.url)
  issuer = await startIssuer(folder.path, { credentialTypes: [TYPE], nodeUrl: chain.url })
  await accredit(issuer, TYPE, { zh: '示例市市场监督管理局', en: 'Example Market Supervision Administration' })
  const { id, secret } = await call('POST', `${issuer.url}/api/applications`, { body: { type: TYPE, claims: CLAIMS } })
  await call('POST', `${issuer.url}/api/applications/${id}/approve`, { token: issuer.token })
  const offer = await call('GET', `${issuer.url}/api/applications/${id}/offer`, { token: secret })
  await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
  const { credentials } = await call('GET', `${issuer.url}/api/applications/${id}`, { token: issuer.token })
  page = `${issuer.url}/console/credentials/${credentials[CONFIGURATION]}`
  clerk = await Clerk.arrive(browser, { lang: 'zh' }, seen)
  await clerk.signsIn(issuer, issuer.token)
})

step('with the chain away, a suspension is noted and shown as pending, and the licence counts as before', async () => {
  await chain.cut()
  await clerk.asksTo(page, 'suspend', '地址待核查', 'checking')
  await clerk.page.getByText(clerk.say('issuer', 'credential.queued')).waitFor()
  await clerk.page.goto(page)
  await clerk.heading(clerk.say('issuer', 'credential.pending-title')).waitFor()
  assert.equal(await clerk.page.getByText(clerk.say('issuer', 'state.suspended'), { exact: true }).count(), 0)
  await clerk.look('desk-credential-pending')
  const english = await Clerk.arrive(browser, { lang: 'en', width: 390, height: 844 }, seen)
  await english.signsIn(issuer, issuer.token)
  await english.page.goto(page)
  await english.heading(english.say('issuer', 'credential.pending-title')).waitFor()
  await english.look('desk-credential-pending')
  await english.page.goto(`${issuer.url}/console/overview`)
  await english.heading(english.say('issuer', 'overview.pending-title')).waitFor()
  await english.look('desk-overview-pending')
  await english.leave()
})

step('with the chain back, it is made by itself', async () => {
  await chain.mend()
  const pending = clerk.heading(clerk.say('issuer', 'credential.pending-title'))
  for (let tried = 0; await pending.count(); tried += 1) {
    assert.ok(tried < 600, 'the change is not made')
    await sleep(100)
    await clerk.page.goto(page)
  }
  await clerk.page.getByText(clerk.say('issuer', 'state.suspended'), { exact: true }).first().waitFor()
})

step('nothing was wrong with any of the pages', () => assert.deepEqual(seen, []))
