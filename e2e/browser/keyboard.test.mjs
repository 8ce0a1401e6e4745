// From the PIN to a shared card without a mouse: everything is reached by Tab, in order, and shows that it has the focus.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { approvedOffer, call, issuerOf, stack } from '../stack.mjs'
import { CLAIMS, TYPE } from '../interop/lib/licence.mjs'
import { launch } from './lib/browser.mjs'
import { Applicant, Holder, PIN } from './lib/people.mjs'

const MOST_STOPS = 40

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

// Presses Tab until `target` has the focus; every stop on the way must be seen to have it.
async function tabTo(page, target) {
  const passed = []
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press('Tab')
    const { name, shows } = await page.evaluate(focused)
    assert.ok(shows, `nothing shows that ${name} has the focus`)
    if (await target.evaluate((element) => element === document.activeElement)) return passed
    passed.push(name)
  }
  assert.fail(`not reached after ${passed.join(' → ')}`)
}

// In the page: what has the focus, and whether that can be seen.
function focused() {
  const element = document.activeElement
  const name = `<${element.tagName.toLowerCase()}> ${(element.getAttribute('aria-label') ?? element.innerText ?? element.name ?? '').trim()}`
  const outlined = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
  const box = element.getBoundingClientRect()
  const inView = box.width > 0 && box.bottom > 0 && box.top < innerHeight
  // A control too small or hidden to be outlined itself may light up the label it stands in.
  const shows = element !== document.body && inView && [element, element.closest('label')].some((one) => one && outlined(getComputedStyle(one)))
  return { name, shows }
}

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
