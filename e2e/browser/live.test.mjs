// Pages that keep themselves up to date: they miss nothing, and leave alone what the visitor is using.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { call, issuerOf, stack } from '../stack.mjs'
import { launch } from './lib/browser.mjs'
import { Applicant, Counter } from './lib/people.mjs'

const TYPE = 'business-licence'
const issuer = issuerOf(TYPE)
const approve = (id) => call('POST', `${issuer.url}/api/applications/${id}/approve`, { token: stack.staff_token })

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

test('an approval right after the page was opened is not missed', async () => {
  const applicant = await Applicant.arrive(browser, { lang: 'en' })
  await applicant.apply(issuer, TYPE)
  await approve(applicant.application)
  await applicant.button(applicant.say('issuer', 'application.collect')).waitFor()
})

test('the link under the offer’s code stays open and focused', async () => {
  const applicant = await Applicant.arrive(browser, { lang: 'en' })
  await applicant.apply(issuer, TYPE)
  await approve(applicant.application)
  await applicant.collects()
  await staysOpen(applicant)
})

test('the link under the counter’s code stays open and focused', async () => {
  const counter = await Counter.arrive(browser, { lang: 'en' })
  await counter.opens()
  await counter.asks('company-service')
  await staysOpen(counter)
})

// The fold that `codeLink` opened, and the button in it that a keyboard is about to press.
async function staysOpen(person) {
  const copy = person.page.locator('.qr-panel [data-copy]')
  await copy.focus()
  await person.page.waitForTimeout(5000)
  assert.ok(await copy.isVisible(), 'the fold closed by itself')
  assert.ok(await copy.evaluate((button) => button === document.activeElement), 'the focus was lost')
}
