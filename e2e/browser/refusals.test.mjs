// What goes wrong is said where it is wrong, in the visitor's language, on pages as sound as the others.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { approvedOffer, call, issuerOf, stack } from '../stack.mjs'
import { CLAIMS, TYPE, VCT } from '../interop/lib/licence.mjs'
import { launch } from './lib/browser.mjs'
import { Applicant, Clerk, Counter, Holder, PIN } from './lib/people.mjs'

const issuer = issuerOf(TYPE)
const requests = `${stack.verifier.url}/api/requests`

for (const lang of ['zh', 'en']) {
  describe(`refusals (${lang})`, () => {
    let browser
    const seen = []
    before(async () => {
      browser = await launch()
    })
    after(() => browser?.close())
    const arrive = (Who) => Who.arrive(browser, { lang }, seen)

    test('a form with a wrong credit code says so at its head and at the field', async () => {
      const applicant = await arrive(Applicant)
      await applicant.chooses(issuer, TYPE)
      await applicant.fillsWithExample()
      const field = applicant.page.locator('[name=creditCode]')
      await field.fill('91340100MA8HUE6K0A')
      await applicant.button(applicant.say('issuer', 'apply.submit')).click()
      const alert = applicant.page.getByRole('alert')
      await alert.waitFor()
      assert.ok(await alert.evaluate((element) => element === document.activeElement), 'the summary does not have the focus')
      assert.equal(await field.getAttribute('aria-invalid'), 'true')
      assert.equal(await field.inputValue(), '91340100MA8HUE6K0A')
      await alert.getByRole('link').click()
      assert.equal(await applicant.page.evaluate(() => document.activeElement.name), 'creditCode')
      await applicant.look('apply-wrong')
    })

    test('a wrong sign-in at the console and the counter stays outside', async () => {
      const clerk = await arrive(Clerk)
      await clerk.page.goto(`${issuer.url}/console`)
      await clerk.field(clerk.say('issuer', 'sign-in.token')).fill('not-the-token')
      await clerk.button(clerk.say('issuer', 'sign-in.submit')).click()
      await clerk.page.getByText(clerk.say('issuer', 'sign-in.wrong')).waitFor()
      await clerk.look('console-sign-in-wrong')

      const counter = await arrive(Counter)
      await counter.page.goto(stack.verifier.url)
      await counter.field(counter.say('counter', 'sign_in.token')).fill('not-the-token')
      await counter.button(counter.say('counter', 'sign_in.button')).click()
      await counter.page.getByText(counter.say('counter', 'sign_in.wrong')).waitFor()
      await counter.look('counter-sign-in-wrong')
    })

    test('a wrong PIN keeps the phone locked', async () => {
      const owner = await arrive(Holder)
      await owner.unlocks()
      const stranger = await arrive(Holder)
      await stranger.page.goto(stack.phone.url)
      await stranger.entersPin('135791')
      await stranger.page.getByText(stranger.say('phone', 'pin.wrong')).waitFor()
      await stranger.look('phone-wrong-pin')
      await stranger.entersPin(PIN)
      await stranger.tab('cards').waitFor()
    })

    test('the phone says why a link or an offer leads nowhere', async () => {
      const holder = await arrive(Holder)
      await holder.unlocks()
      await holder.pastes('https://example.org/')
      await holder.page.getByText(holder.say('phone', 'scan.unknown')).waitFor()
      await holder.look('phone-unknown-link')

      const offer = await approvedOffer(TYPE, CLAIMS)
      await holder.receives({ offer: offer.offer_uri, code: offer.tx_code })
      await holder.pastes(offer.offer_uri)
      await holder.page.getByText(holder.say('phone', 'offer.gone')).waitFor()
      await holder.look('phone-offer-gone')
    })

    test('an overreaching counter is refused by the phone, which names what was too much; the counter learns only that', async () => {
      const dcql = {
        credentials: [{ id: 'licence', format: 'dc+sd-jwt', meta: { vct_values: [VCT] }, claims: [{ path: ['name'] }, { path: ['registeredCapital'] }] }],
      }
      const body = { purpose: 'company-service', dcql }
      const asked = await call('POST', requests, { token: stack.staff_token, body })
      const counter = await arrive(Counter)
      await counter.opens()
      await counter.page.goto(`${stack.verifier.url}/requests/${asked.id}`)

      const holder = await arrive(Holder)
      await holder.unlocks()
      await holder.pastes(asked.link)
      const notice = holder.page.getByRole('alert')
      await notice.waitFor()
      const label = lang === 'zh' ? '注册资本' : 'Registered capital'
      assert.ok((await notice.innerText()).includes(label), await notice.innerText())
      await holder.look('phone-overreach')
      await holder.tab('log').click()
      await holder.page.getByText(holder.say('phone', 'log.refused')).first().waitFor()

      await counter.page.getByText(counter.say('counter', 'look.declined'), { exact: true }).waitFor()
      await counter.look('counter-overreach')
    })

    test('an application that is not approved says why', async () => {
      const applicant = await arrive(Applicant)
      await applicant.apply(issuer, TYPE)
      const clerk = await arrive(Clerk)
      await clerk.signsIn(issuer)
      await clerk.opensApplication(applicant.application)
      await clerk.field(clerk.say('issuer', 'review.reason')).fill('The address can’t be read')
      await clerk.button(clerk.say('issuer', 'review.reject')).click()
      await clerk.page.getByText('The address can’t be read').waitFor()
      await clerk.look('console-rejected')
      await applicant.page.getByText('The address can’t be read').waitFor()
      await applicant.look('application-rejected')
    })

    for (const [name, url] of [
      ['portal', issuer.url],
      ['counter', stack.verifier.url],
      ['phone', stack.phone.url],
    ]) {
      test(`an address that leads nowhere gets a page that leads back (${name})`, async () => {
        const visitor = await arrive(Applicant)
        const response = await visitor.page.goto(`${url}/no-such-page`)
        assert.equal(response.status(), 404)
        await visitor.page.getByText(visitor.say('shared', 'error.not_found')).waitFor()
        await visitor.link(visitor.say('shared', 'error.home')).waitFor()
        await visitor.look(`not-found-${name}`)
      })
    }

    test('every page on the way is accessible in both themes, fits a narrow screen and reports no fault', () => {
      assert.deepEqual(seen, [])
    })
  })
}
