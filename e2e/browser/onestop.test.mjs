// One-stop by hand: a licence on the phone is the application at the tax bureau; once in each language.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { issuerOf } from '../stack.mjs'
import { launch } from './lib/browser.mjs'
import { steps } from './lib/steps.mjs'
import { Applicant, Clerk, Holder } from './lib/people.mjs'

const LICENCE = 'business-licence'
const TAX = 'tax-registration'
const CODE = '91340100MA8HUE6K0R'
const market = issuerOf(LICENCE)
const bureau = issuerOf(TAX)

for (const [lang, phone] of [
  ['zh', { width: 390, height: 844 }],
  ['en', { width: 1280, height: 1000 }],
]) {
  describe(`one-stop by hand (${lang})`, () => {
    let browser
    let company, clerk, holder
    let link
    const seen = []
    const step = steps()

    before(async () => {
      browser = await launch()
      company = await Applicant.arrive(browser, { lang }, seen)
      clerk = await Clerk.arrive(browser, { lang }, seen)
      holder = await Holder.arrive(browser, { lang, ...phone }, seen)
    })
    after(() => browser?.close())

    step('the company has its licence on the phone', async () => {
      await company.apply(market, LICENCE)
      await clerk.signsIn(market)
      await clerk.opensApplication(company.application)
      await clerk.approves()
      const collecting = await company.collects()
      await holder.unlocks()
      await holder.deletesCards()
      await holder.receives(collecting)
    })

    step('the tax bureau’s form offers to take it instead, and shows a code', async () => {
      await company.chooses(bureau, TAX)
      const presented = company.say('issuer', 'presented.begin', { presented: lang === 'zh' ? '营业执照' : 'business licence' })
      await company.button(presented).waitFor()
      await company.look('onestop-apply')
      await company.button(presented).click()
      await company.page.locator('.qr-frame').waitFor()
      await company.look('onestop-code')
      link = await company.codeLink()
      assert.match(link, /^openid4vp:/)
    })

    step('on a phone the wallet beside it comes first, and the code is for another device', async () => {
      const size = company.page.viewportSize()
      const way = company.link(company.say('issuer', 'presented.open'))
      const top = async (found) => (await found.boundingBox()).y
      const code = company.page.locator('.qr-frame')
      assert.ok((await top(code)) < (await top(way)), 'where there is room, the code is first')
      await company.page.setViewportSize({ width: 390, height: 844 })
      assert.equal(await way.count(), 1)
      const other = company.heading(company.say('shared', 'qr.on_another'))
      assert.ok((await top(way)) < (await top(other)) && (await top(other)) < (await top(code)))
      assert.ok((await top(way)) + 48 < 844, 'it is on the first screen')
      await company.look('onestop-code-phone')
      await company.page.setViewportSize(size)
    })

    step('a no is a no: nothing leaves, and the page says so by itself', async () => {
      await holder.opensRequest(link)
      await holder.declines()
      await company.heading(company.say('issuer', 'presented.declined')).waitFor()
      await company.look('onestop-declined')
      await company.button(company.say('issuer', 'presented.again')).click()
      await company.page.locator('.qr-frame').waitFor()
      link = await company.codeLink()
    })

    step('on a yes two claims leave, and the phone is told where to go on', async () => {
      await holder.opensRequest(link)
      const leaves = Object.values(await holder.leaves())
      assert.equal(leaves.length, 2, leaves.join())
      assert.ok(leaves.includes(CODE))
      await holder.look('onestop-consent')
      await holder.shares()
      await holder.look('onestop-shared')
    })

    step('the screen with the code says that it was received, and has no way to the application', async () => {
      await company.heading(company.say('issuer', 'presented.accepted')).waitFor()
      const ways = await company.page.locator('a').evaluateAll((all) => all.map((a) => a.href))
      assert.ok(!ways.some((way) => way.includes('/applications/')), ways.join())
      await company.look('onestop-accepted')
    })

    step('the phone goes on, and the confirmation is on it without a field typed', async () => {
      await holder.link(holder.say('phone', 'request.go_on')).click()
      await holder.page.waitForURL(`${bureau.url}/applications/**`)
      const application = new URL(holder.page.url()).pathname.split('/').at(-1)
      const collect = holder.button(holder.say('issuer', 'application.collect'))
      // The company of the examples may have applied before: then a clerk looks first, and sees what nobody typed.
      await clerk.signsIn(bureau)
      await clerk.page.goto(`${bureau.url}/console/applications/${application}`)
      await clerk.heading(clerk.say('issuer', 'presented.origin')).waitFor()
      await clerk.look('onestop-review')
      if ((await collect.count()) === 0) await clerk.approves()
      await collect.waitFor()
      await holder.look('onestop-application')
      await collect.click()
      const code = await holder.codeToType()
      const offer = await holder.codeLink()
      await holder.receives({ offer, code })
      await holder.tab('cards').click()
      assert.equal(await holder.page.locator('a[href^="/cards/"]').count(), 2)
      await holder.look('onestop-cards')
    })

    test('every page on the way is accessible in both themes, fits a narrow screen and reports no fault', () => {
      assert.deepEqual(seen, [])
    })
  })
}
