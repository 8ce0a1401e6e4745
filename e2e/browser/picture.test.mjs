// A digital ID by pictures: codes scanned from pictures of the screens, and the holder's portrait at the counter.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { call, issuerOf, stack } from '../stack.mjs'
import { launch } from './lib/browser.mjs'
import { Applicant, Counter, Holder } from './lib/people.mjs'
import { steps } from './lib/steps.mjs'

const TYPE = 'digital-id'
const issuer = issuerOf(TYPE)

describe('a digital ID, scanned', () => {
  let browser, applicant, holder, counter
  const seen = []
  const step = steps()
  before(async () => {
    browser = await launch()
    applicant = await Applicant.arrive(browser, { lang: 'zh' }, seen)
    holder = await Holder.arrive(browser, { lang: 'zh' }, seen)
    counter = await Counter.arrive(browser, { lang: 'zh' }, seen)
  })
  after(() => browser?.close())

  step('the phone reads the offer from a picture of the citizen’s screen', async () => {
    await applicant.chooses(issuer, TYPE)
    await applicant.fillsWithExample()
    await applicant.look('apply-id')
    await applicant.sends()
    await call('POST', `${issuer.url}/api/applications/${applicant.application}/approve`, { token: stack.staff_token })
    const { picture, code } = await applicant.collects()
    await holder.unlocks()
    await holder.scans(picture)
    await holder.field(holder.say('phone', 'offer.code')).waitFor()
    await holder.enters(code)
    await holder.heading(holder.say('phone', 'offer.done')).waitFor()
    await holder.look('phone-received-id')
  })

  step('the phone reads the request from a picture of the counter’s screen and shows the portrait that would leave', async () => {
    await counter.opens()
    await counter.chooses('identity-check')
    await holder.scans(await counter.codePicture())
    await holder.button(holder.say('shared', 'consent.share')).waitFor()
    assert.equal(await holder.page.locator('.leaves img').count(), 1)
    await holder.look('phone-consent-id')
    await holder.shares()
  })

  step('the counter shows the portrait beside its decision', async () => {
    assert.equal((await counter.decision()).outcome, 'accepted')
    const portrait = counter.page.getByRole('img', { name: counter.say('counter', 'result.portrait'), exact: true })
    assert.ok(await portrait.evaluate((image) => image.complete && image.naturalWidth > 0), 'the portrait is not drawn')
    await counter.look('counter-accepted-id')
  })

  step('only that the holder is an adult can be asked too, and nothing else leaves', async () => {
    await holder.opensRequest(await counter.asks('adult-check'))
    assert.deepEqual(Object.values(await holder.leaves()), [holder.say('counter', 'value.yes')])
    await holder.shares()
    assert.equal((await counter.decision()).outcome, 'accepted')
  })

  test('every page on the way is accessible in both themes, fits a narrow screen and reports no fault', () => {
    assert.deepEqual(seen, [])
  })
})
