// From the PIN to a shared card, and a clerk's day, without a mouse: everything is reached by Tab, in order, and shows that it has the focus.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { approvedOffer, call, issuerOf, stack } from '../stack.mjs'
import { CLAIMS, CONFIGURATION, TYPE } from '../interop/lib/licence.mjs'
import { receive } from '../interop/lib/wallet.mjs'
import { launch } from './lib/browser.mjs'
import { tabTo } from './lib/keyboard.mjs'
import { Applicant, Clerk, Holder, PIN } from './lib/people.mjs'

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

test('a clerk signs in, approves, revokes and imports, by keyboard alone', async () => {
  const issuer = issuerOf(TYPE)
  const applications = `${issuer.url}/api/applications`
  const { id, secret } = await call('POST', applications, { body: { type: TYPE, claims: CLAIMS } })
  const clerk = await Clerk.arrive(browser, { lang: 'en' })
  const { page, say } = clerk
  const press = async (target, most) => {
    // On the page that the key before led to, not on the one that is going.
    await target.waitFor()
    await page.waitForLoadState()
    await tabTo(page, target, most)
    await page.keyboard.press('Enter')
  }

  await page.goto(`${issuer.url}/console/sign-in`)
  await tabTo(page, clerk.field(say('issuer', 'sign-in.token')))
  await page.keyboard.insertText(stack.staff_token)
  await press(clerk.button(say('issuer', 'sign-in.submit')))

  // A row of the queue for each application that waits.
  await clerk.heading(say('issuer', 'queue.title')).waitFor()
  await press(page.getByRole('table').locator(`a[href$="/${id}"]`), 200)
  await press(clerk.button(say('issuer', 'review.approve')))
  await clerk.heading(say('issuer', 'review.issued')).waitFor()

  const offer = await call('GET', `${applications}/${id}/offer`, { token: secret })
  await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
  const { credentials } = await call('GET', `${applications}/${id}`, { token: stack.staff_token })
  await press(clerk.link(say('issuer', 'nav.credentials')))
  await clerk.heading(say('issuer', 'credentials.title')).waitFor()
  await press(page.locator(`a[href$="/${credentials[CONFIGURATION]}"]`), 200)

  const word = say('issuer', 'credential.revoke')
  const fold = page.locator('details', { has: page.locator('summary', { hasText: word }) })
  await press(fold.locator('summary'))
  await tabTo(page, fold.getByLabel(say('issuer', 'credential.code'), { exact: true }))
  await page.keyboard.press('ArrowDown')
  await tabTo(page, fold.getByLabel(say('issuer', 'credential.reason'), { exact: true }))
  await page.keyboard.insertText('The company asked for it')
  await tabTo(page, fold.getByRole('checkbox'))
  await page.keyboard.press('Space')
  await press(fold.getByRole('button', { name: word, exact: true }))
  await page.getByText(say('issuer', 'credential.done-revoke')).waitFor()

  await press(clerk.link(say('issuer', 'nav.records')))
  const form = page.locator(`form[action$="/${TYPE}/import"]`)
  await form.waitFor()
  // The browser is told to hand choosers over while somebody listens, and must know that before the key is pressed.
  page.on('filechooser', () => {})
  await tabTo(page, form.locator('[name=file]'), 80)
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Space')])
  const csv = [Object.keys(CLAIMS), Object.values(CLAIMS)].map((row) => row.join(',')).join('\n')
  await chooser.setFiles({ name: 'records.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await press(form.locator('button'))
  await page.getByText(say('issuer', 'records.imported'), { exact: true }).waitFor()
})
