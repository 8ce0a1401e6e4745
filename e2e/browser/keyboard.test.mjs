// From the PIN to a shared card without a mouse: everything is reached by Tab, in order, and shows that it has the focus.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { approvedOffer, call, issuerOf, stack } from '../stack.mjs'
import { CLAIMS, TYPE } from '../interop/lib/licence.mjs'
import { launch } from './lib/browser.mjs'
import { tabTo } from './lib/keyboard.mjs'
import { Applicant, Holder, PIN } from './lib/people.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

test('the skip link is first and leads to the content', async () => {
  const { page, say } = await Applicant.arrive(browser, { lang: 'en' })
  await page.goto(issuerOf(TYPE).url)
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.innerText), say('shared', 'page.skip'))
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'content')
})

test('a holder unlocks, opens a request, reads it and shares, by keyboard alone', async () => {
  const first = await Holder.arrive(browser, { lang: 'en' })
  await first.unlocks()
  const offer = await approvedOffer(TYPE, CLAIMS)
  await first.receives({ offer: offer.offer_uri, code: offer.tx_code })
  await first.leave()
  const requests = `${stack.verifier.url}/api/requests`
  const asked = await call('POST', requests, { token: stack.staff_token, body: { purpose: 'company-service' } })

  const holder = await Holder.arrive(browser, { lang: 'en' })
  const { page, say } = holder
  await page.goto(stack.phone.url)
  assert.equal(await page.evaluate(() => document.activeElement.name), 'pin')
  await page.keyboard.type(PIN)
  await page.keyboard.press('Enter')
  await holder.tab('scan').waitFor()
  await tabTo(page, holder.tab('scan'))
  await page.keyboard.press('Enter')

  const paste = holder.field(say('phone', 'scan.paste'))
  await paste.waitFor()
  await tabTo(page, paste)
  await page.keyboard.insertText(asked.link)
  await tabTo(page, holder.button(say('phone', 'scan.go')))
  await page.keyboard.press('Enter')

  const share = holder.button(say('shared', 'consent.share'))
  const decline = holder.button(say('shared', 'consent.decline'))
  const stays = page.locator('summary', { hasText: say('shared', 'consent.stays') })
  await share.waitFor()
  await tabTo(page, stays)
  await page.keyboard.press('Enter')
  await page.getByText('Registered capital').waitFor()
  await tabTo(page, decline)
  assert.deepEqual(await tabTo(page, share), [], 'something stands between no and yes')
  await page.keyboard.press('Enter')
  await holder.heading(say('phone', 'request.shared')).waitFor()
  const { decision } = await call('GET', `${requests}/${asked.id}`, { token: stack.staff_token })
  assert.equal(decision, 'accepted')
})
