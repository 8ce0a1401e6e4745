// What the phone offers beside receiving and showing: a backup, everything away, everything named again, the log searched; and
// a phone that is declared lost, by a clerk who sees first what is on it.
import assert from 'node:assert/strict'
import { after, before, describe } from 'node:test'
import { issuerOf, stack } from '../stack.mjs'
import { launch } from './lib/browser.mjs'
import { Applicant, Clerk, Holder, PIN } from './lib/people.mjs'
import { steps } from './lib/steps.mjs'

const TYPE = 'business-licence'
const issuer = issuerOf(TYPE)

for (const [lang, width] of [
  ['zh', 390],
  ['en', 320],
]) {
  describe(`the phone's further pages (${lang})`, () => {
    let browser, applicant, clerk, holder
    let code, file
    const seen = []
    const step = steps()
    const say = (...words) => holder.say('phone', ...words)
    const goes = (path) => holder.page.goto(stack.phone.url + path)

    before(async () => {
      browser = await launch()
      applicant = await Applicant.arrive(browser, { lang, width, height: 844 }, seen)
      clerk = await Clerk.arrive(browser, { lang }, seen)
      holder = await Holder.arrive(browser, { lang, width, height: 844 }, seen)
    })
    after(() => browser?.close())

    step('a card comes, and the page of more leads everywhere', async () => {
      await applicant.apply(issuer, TYPE)
      await clerk.signsIn(issuer)
      await clerk.opensApplication(applicant.application)
      await clerk.approves()
      const collecting = await applicant.collects()
      await holder.unlocks()
      await holder.deletesCards()
      await holder.receives(collecting)
      await goes('/more')
      await holder.look('phone-more')
    })

    step('what an issuer has is asked for by its address alone', async () => {
      await goes('/login')
      await holder.field(say('login.address')).fill('nowhere')
      await holder.button(say('login.go')).click()
      await holder.page.getByText(say('login.no_address')).waitFor()
      await holder.look('phone-login-wrong')
      await holder.field(say('login.address')).fill(issuer.url)
      await holder.button(say('login.go')).click()
      await holder.heading(say('login.what')).waitFor()
      await holder.look('phone-login-what')
    })

    step('the log is searched', async () => {
      await goes('/log')
      await holder.look('phone-log-search')
      await holder.field(say('log.search')).fill('no such thing')
      await holder.button(say('log.find')).click()
      await holder.page.getByText(say('log.not_found')).waitFor()
      await holder.look('phone-log-nothing')
    })

    step('a backup has a code that is shown once', async () => {
      await goes('/backup')
      await holder.look('phone-backup')
      await holder.button(say('backup.go')).click()
      code = await holder.page.locator('[data-backup-code]').innerText()
      assert.match(code, /^([2-9A-HJ-NP-Z]{4}-){5}[2-9A-HJ-NP-Z]{4}$/)
      await holder.look('phone-backup-code')
      const saved = holder.page.waitForEvent('download')
      await holder.link(say('backup.file')).click()
      file = await (await saved).path()
    })

    step('everything is deleted with the PIN, and named again by the backup', async () => {
      await goes('/erase')
      await holder.look('phone-erase')
      await holder.field(say('pin.label')).fill(PIN)
      await holder.button(say('erase.go')).click()
      await holder.link(say('restore.link')).click()
      await holder.look('phone-restore')
      const restores = async (text) => {
        await holder.page.locator('[name=file]').setInputFiles(file)
        await holder.field(say('restore.code')).fill(text)
        await holder.field(say('pin.new')).fill(PIN)
        await holder.field(say('pin.again')).fill(PIN)
        await holder.button(say('restore.go')).click()
      }
      await restores('AAAA-BBBB-CCCC-DDDD-EEEE-FFFF')
      await holder.page.getByText(say('restore.wrong')).waitFor()
      await holder.look('phone-restore-wrong')
      await restores(code)
      await holder.button(say('collect.go')).waitFor()
      await holder.look('phone-collect')
    })

    step('a clerk sees what is on the lost phone, and declares it', async () => {
      const [credential] = await clerk.credentials()
      await clerk.page.goto(credential)
      await clerk.link(clerk.say('issuer', 'phone.link')).click()
      assert.equal(await clerk.page.getByRole('table').locator('tbody tr').count(), 2)
      await clerk.look('console-phone')
      await clerk.field(clerk.say('issuer', 'credential.reason')).fill('本人到场')
      await clerk.page.getByRole('checkbox').check()
      await clerk.button(clerk.say('issuer', 'phone.declare')).click()
      await clerk.page.getByText(clerk.say('issuer', 'phone.done-title')).waitFor()
      await clerk.look('console-phone-done')
    })

    step('who applied reads it, and can collect again', async () => {
      await applicant.page.goto(`${issuer.url}/applications/${applicant.application}`)
      await applicant.page.getByText(applicant.say('issuer', 'application.phone-lost-title')).waitFor()
      await applicant.look('application-phone-lost')
      await applicant.button(applicant.say('issuer', 'application.lost')).click()
      await holder.receives({ offer: await applicant.codeLink(), code: await applicant.codeToType() })
      assert.deepEqual(seen, [])
    })
  })
}
