// The whole story by hand: apply, approve, receive, present, revoke, present again; once in each language.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { issuerOf, stack } from '../stack.mjs'
import { launch } from './lib/browser.mjs'
import { steps } from './lib/steps.mjs'
import { Applicant, Clerk, Counter, Holder } from './lib/people.mjs'

const TYPE = 'business-licence'
const PURPOSE = 'company-service'
const COMPANY = '合肥徽光软件有限公司'
const issuer = issuerOf(TYPE)

// The phone once as a phone has it, once in its frame on a desk.
for (const [lang, phone] of [
  ['zh', { width: 1280, height: 1000 }],
  ['en', { width: 390, height: 844 }],
]) {
  describe(`the story by hand (${lang})`, () => {
    let browser
    let applicant, clerk, holder, counter
    let collecting
    const seen = []
    const step = steps()

    before(async () => {
      browser = await launch()
      applicant = await Applicant.arrive(browser, { lang }, seen)
      clerk = await Clerk.arrive(browser, { lang }, seen)
      holder = await Holder.arrive(browser, { lang, ...phone }, seen)
      counter = await Counter.arrive(browser, { lang }, seen)
    })
    after(() => browser?.close())

    step('a citizen applies for a licence with the example', async () => {
      await applicant.page.goto(issuer.url)
      await applicant.look('portal')
      await applicant.chooses(issuer, TYPE)
      await applicant.look('apply-empty')
      await applicant.fillsWithExample()
      await applicant.look('apply')
      await applicant.sends()
      await applicant.look('application-sent')
    })

    step('a clerk signs in, looks at it and approves it', async () => {
      await clerk.page.goto(`${issuer.url}/console`)
      await clerk.look('console-sign-in')
      await clerk.signsIn(issuer)
      await clerk.look('console-queue')
      await clerk.opensApplication(applicant.application)
      await clerk.look('console-review')
      await clerk.approves()
      await clerk.look('console-approved')
    })

    step('the citizen’s page learns of it by itself and shows how to collect', async () => {
      await applicant.button(applicant.say('issuer', 'application.collect')).waitFor()
      await applicant.look('application-approved')
      collecting = await applicant.collects()
      assert.match(collecting.offer, /^openid-credential-offer:/)
      assert.match(collecting.code, /^\d{6}$/)
      await applicant.look('application-offer')
    })

    step('the phone takes it with the code, after a wrong one', async () => {
      await holder.page.goto(stack.phone.url)
      await holder.look(`phone${new URL(holder.page.url()).pathname.replace('/', '-')}`)
      await holder.unlocks()
      await holder.deletesCards()
      await holder.look('phone-empty')
      await holder.tab('scan').click()
      await holder.look('phone-scan')
      await holder.opensOffer(collecting.offer)
      await holder.look('phone-offer')
      await holder.enters(collecting.code === '000000' ? '111111' : '000000')
      await holder.page.getByText(holder.say('phone', 'receive.code_wrong', { n: '4' })).waitFor()
      await holder.look('phone-offer-wrong-code')
      await holder.enters(collecting.code)
      await holder.heading(holder.say('phone', 'offer.done')).waitFor()
      await holder.look('phone-received')
      await holder.link(holder.say('phone', 'offer.to_cards')).click()
      await holder.page.getByRole('link').filter({ hasText: COMPANY }).first().waitFor()
      await holder.look('phone-cards')
    })

    step('the citizen’s page says that it is on the phone', async () => {
      await applicant.heading(applicant.say('issuer', 'application.collected-title')).waitFor()
      await applicant.look('application-collected')
    })

    step('a card opens to its values', async () => {
      await holder.page.getByRole('link').filter({ hasText: COMPANY }).first().click()
      await holder.page.getByText('91340100MA8HUE6K0R').waitFor()
      await holder.look('phone-card')
    })

    step('the counter asks, the phone shows who and what, and nothing leaves on a no', async () => {
      await counter.page.goto(stack.verifier.url)
      await counter.look('counter-sign-in')
      await counter.opens()
      await counter.look('counter')
      const link = await counter.asks(PURPOSE)
      await counter.look('counter-code')
      await holder.opensRequest(link)
      await holder.declines()
      await holder.look('phone-declined')
      await counter.page.getByText(counter.say('counter', 'look.declined'), { exact: true }).waitFor()
      await counter.look('counter-declined')
    })

    step('on a yes exactly that leaves, and the counter accepts with every check passed', async () => {
      const link = await counter.asks(PURPOSE)
      await holder.opensRequest(link)
      const leaves = Object.values(await holder.leaves())
      assert.equal(leaves.length, 3)
      assert.ok(leaves.includes(COMPANY) && leaves.includes('91340100MA8HUE6K0R'))
      await holder.look('phone-consent')
      await holder.shares()
      await holder.look('phone-shared')

      const decision = await counter.decision()
      assert.equal(decision.outcome, 'accepted', decision.said)
      assert.deepEqual([...decision.refused, ...decision.cannotTell], [])
      assert.ok(decision.accepted.length >= 10, decision.accepted.join(', '))
      await counter.page.getByText(COMPANY).first().waitFor()
      await counter.look('counter-accepted')
    })

    step('the holder’s log says what left, to whom and why', async () => {
      await holder.tab('log').click()
      const entry = holder.page.getByRole('article').first()
      const text = await entry.innerText()
      assert.ok(text.includes(holder.say('phone', 'log.delivered')), text)
      assert.ok(!text.includes(COMPANY), 'the log has a value')
      await holder.look('phone-log')
      await holder.tab('more').click()
      await holder.look('phone-more')
    })

    step('the clerk revokes it', async () => {
      const credentials = await clerk.credentials()
      assert.equal(credentials.length, 2)
      await clerk.page.goto(credentials[0])
      await clerk.look('console-credential')
      for (const credential of credentials) await clerk.changes(credential, 'revoke', 'Licence handed back', 'deregistered')
      await clerk.look('console-revoked')
      await clerk.link(clerk.say('issuer', 'nav.credentials')).click()
      await clerk.look('console-issued')
    })

    step('the phone says that the card is dead, and the counter refuses it with the reason', async () => {
      await holder.tab('cards').click()
      await holder.page.getByRole('link').filter({ hasText: holder.say('shared', 'state.revoked') }).first().waitFor()
      await holder.look('phone-cards-revoked')
      const link = await counter.asks(PURPOSE)
      await holder.opensRequest(link)
      await holder.page.getByText(holder.say('phone', 'warning.not_in_force')).waitFor()
      await holder.look('phone-consent-revoked')
      await holder.shares()

      const decision = await counter.decision()
      assert.equal(decision.outcome, 'refused')
      assert.deepEqual(decision.refused, ['status'])
      assert.deepEqual(decision.cannotTell, [])
      assert.ok(decision.said.includes(issuer.name[lang]), decision.said)
      await counter.look('counter-refused')
    })

    test('every page on the way is accessible in both themes, fits a narrow screen and reports no fault', () => {
      assert.deepEqual(seen, [])
    })
  })
}
