// The people of the stories and what they do, each in a window of their own, by what they can see and name.
import { stack } from '../../stack.mjs'
import { open } from './browser.mjs'
import { look } from './look.mjs'
import { wordsOf } from './words.mjs'

/** The PIN of the phone that the tests share. */
export const PIN = '246813'

class Person {
  /**
   * @param {import('playwright-core').Browser} browser
   * @param {import('./browser.mjs').Look} looks
   * @param {string[]} [seen] where to note what is wrong with the pages
   */
  static async arrive(browser, looks, seen = []) {
    const person = new this()
    person.seen = seen
    person.page = await open(browser, looks)
    person.say = wordsOf(looks.lang ?? 'zh')
    return person
  }

  leave() {
    return this.page.context().close()
  }

  link(name) {
    return this.page.getByRole('link', { name, exact: true })
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true })
  }

  heading(name) {
    return this.page.getByRole('heading', { name, exact: true })
  }

  field(label) {
    return this.page.getByLabel(label, { exact: true })
  }

  /** Looks closely at the page it is on; what is wrong with it goes to `seen`. */
  async look(name) {
    this.seen.push(...(await look(this.page, name)))
  }

  /** A picture of the QR code on the page, as a phone's camera would take it. */
  codePicture() {
    return this.page.locator('.qr-frame').screenshot()
  }

  /** The link under a QR code, which is folded away until asked for. */
  async codeLink() {
    const more = this.page.locator('details', { hasText: this.say('shared', 'qr.other_way') })
    await more.locator('summary').click()
    return more.locator('[data-copy]').getAttribute('data-copy')
  }

  /** The code to type on the phone, which is folded away from whoever looks over a shoulder. */
  async codeToType() {
    const code = this.page.locator('[data-tx-code]')
    await code.waitFor({ state: 'attached' })
    if (!(await code.isVisible())) await this.page.locator('details', { has: code }).locator('summary').click()
    return (await code.innerText()).trim()
  }
}

/** A citizen at a department's portal. */
export class Applicant extends Person {
  /** Applies with the example of a credential type and waits on the application's page. */
  async apply(issuer, type) {
    await this.chooses(issuer, type)
    await this.fillsWithExample()
    await this.sends()
  }

  async chooses(issuer, type) {
    await this.page.goto(issuer.url)
    await this.page.locator(`a[href="/apply/${type}"]`).click()
  }

  fillsWithExample() {
    return this.link(this.say('issuer', 'apply.example')).click()
  }

  async sends() {
    await this.button(this.say('issuer', 'apply.submit')).click()
    await this.heading(this.say('issuer', 'application.submitted-title')).waitFor()
    this.application = new URL(this.page.url()).pathname.split('/').at(-1)
  }

  /** Asks for the code to collect with. The page finds out by itself that the application was approved. */
  async collects() {
    await this.button(this.say('issuer', 'application.collect')).click()
    const code = await this.codeToType()
    return { picture: await this.codePicture(), offer: await this.codeLink(), code }
  }
}

/** A clerk at a department's console. */
export class Clerk extends Person {
  async signsIn(issuer, token = stack.staff_token) {
    await this.page.goto(`${issuer.url}/console`)
    await this.field(this.say('issuer', 'sign-in.token')).fill(token)
    await this.button(this.say('issuer', 'sign-in.submit')).click()
    await this.heading(this.say('issuer', 'queue.title')).waitFor()
  }

  /** Opens an application in the queue. */
  async opensApplication(id) {
    await this.link(new RegExp(`^${this.say('issuer', 'nav.queue')}`)).click()
    await this.page.getByRole('table').locator(`a[href$="/${id}"]`).click()
    await this.heading(this.say('issuer', 'review.claims')).waitFor()
    this.application = this.page.url()
  }

  async approves() {
    await this.button(this.say('issuer', 'review.approve')).click()
    await this.heading(this.say('issuer', 'review.issued')).waitFor()
  }

  /** The credentials that came of the application, by their pages. */
  async credentials() {
    await this.page.goto(this.application)
    const panel = this.page.locator('section', { has: this.heading(this.say('issuer', 'review.issued')) })
    return panel.getByRole('link').evaluateAll((links) => links.map((link) => link.href))
  }

  async changes(credential, what, reason, ground) {
    await this.asksTo(credential, what, reason, ground)
    await this.page.getByText(this.say('issuer', `credential.done-${what}`)).waitFor()
  }

  /** The same whatever comes of it. */
  async asksTo(credential, what, reason, ground) {
    await this.page.goto(credential)
    const word = this.say('issuer', `credential.${what}`)
    const fold = this.page.locator('details', { has: this.page.locator('summary', { hasText: word }) })
    if ((await fold.getAttribute('open')) === null) await fold.locator('summary').click()
    await fold.getByLabel(this.say('issuer', 'credential.code'), { exact: true }).selectOption(ground)
    await fold.getByLabel(this.say('issuer', 'credential.reason'), { exact: true }).fill(reason)
    if (what === 'revoke') await fold.getByRole('checkbox').check()
    await fold.getByRole('button', { name: word, exact: true }).click()
  }
}

/** The holder of the phone. */
export class Holder extends Person {
  /** Unlocks the phone; the first one to hold it chooses the PIN. */
  async unlocks() {
    await this.page.goto(stack.phone.url)
    if (new URL(this.page.url()).pathname === '/welcome') await this.choosesPin()
    else await this.entersPin(PIN)
    await this.tab('cards').waitFor()
  }

  async choosesPin() {
    await this.field(this.say('phone', 'pin.new')).fill(PIN)
    await this.field(this.say('phone', 'pin.again')).fill(PIN)
    await this.button(this.say('phone', 'welcome.go')).click()
  }

  async entersPin(pin) {
    await this.field(this.say('phone', 'pin.label')).fill(pin)
    await this.button(this.say('phone', 'unlock.go')).click()
  }

  /** Deletes every card: a story that needs the phone to hold one card only can't rely on being the first. */
  async deletesCards() {
    for (;;) {
      await this.tab('cards').click()
      const cards = this.page.locator('a[href^="/cards/"]')
      if ((await cards.count()) === 0) return
      await cards.first().click()
      await this.page.locator('summary', { hasText: this.say('phone', 'card.delete_open') }).click()
      await this.button(this.say('phone', 'card.delete')).click()
      await this.page.waitForURL(`${stack.phone.url}/`)
    }
  }

  tab(name) {
    const tabs = this.page.getByRole('navigation', { name: this.say('phone', 'nav.tabs'), exact: true })
    return tabs.getByRole('link', { name: this.say('phone', `nav.${name}`), exact: true })
  }

  async pastes(link) {
    await this.page.goto(`${stack.phone.url}/scan`)
    await this.field(this.say('phone', 'scan.paste')).fill(link)
    await this.button(this.say('phone', 'scan.go')).click()
  }

  /** Gives the phone a picture of a code, as from its album. */
  async scans(picture) {
    await this.page.goto(`${stack.phone.url}/scan`)
    await this.page.locator('[name=picture]').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture })
  }

  async opensOffer(offer) {
    await this.pastes(offer)
    await this.field(this.say('phone', 'offer.code')).waitFor()
  }

  async enters(code) {
    await this.field(this.say('phone', 'offer.code')).fill(code)
    await this.button(this.say('phone', 'offer.take')).click()
  }

  async receives({ offer, code }) {
    await this.opensOffer(offer)
    await this.enters(code)
    await this.heading(this.say('phone', 'offer.done')).waitFor()
  }

  /** What the consent screen says would leave: label to value. */
  async leaves() {
    const section = this.page.locator('section', { has: this.page.getByRole('heading', { name: this.say('shared', 'consent.leaves') }) })
    const rows = section.locator('dl > div')
    return Object.fromEntries(
      await rows.evaluateAll((all) => all.map((row) => [row.querySelector('dt').firstChild.textContent.trim(), row.querySelector('dd').textContent.trim()])),
    )
  }

  async opensRequest(link) {
    await this.pastes(link)
    await this.button(this.say('shared', 'consent.share')).waitFor()
  }

  async shares() {
    await this.button(this.say('shared', 'consent.share')).click()
    await this.heading(this.say('phone', 'request.shared')).waitFor()
  }

  async declines() {
    await this.button(this.say('shared', 'consent.decline')).click()
    await this.heading(this.say('phone', 'request.declined')).waitFor()
  }
}

// What the pages' tones mean.
const OUTCOMES = { good: 'accepted', bad: 'refused', unsure: 'cannot tell' }

/** A clerk at the counter. */
export class Counter extends Person {
  async opens({ url, token } = { url: stack.verifier.url, token: stack.staff_token }) {
    await this.page.goto(url)
    await this.field(this.say('counter', 'sign_in.token')).fill(token)
    await this.button(this.say('counter', 'sign_in.button')).click()
    await this.heading(this.say('counter', 'counter.title')).waitFor()
  }

  /** Chooses a purpose by its id and answers the link to scan. */
  async asks(purpose) {
    await this.chooses(purpose)
    return this.codeLink()
  }

  async chooses(purpose) {
    await this.page.goto(stack.verifier.url)
    await this.tile(purpose).locator('[value=link]').click()
    await this.page.locator('.qr-frame').waitFor()
  }

  /** Chooses a purpose, to ask and read by codes. */
  async choosesCodes(purpose) {
    await this.page.goto(stack.verifier.url)
    await this.tile(purpose).locator('[value=codes]').click()
    await this.page.locator('[data-reader]').waitFor()
  }

  tile(purpose) {
    return this.page.getByRole('article').filter({ has: this.page.locator(`input[value="${purpose}"]`) })
  }

  /** How the decision looks, once it shows by itself. */
  async outcome() {
    const banner = this.page.locator('[data-look]')
    await banner.waitFor()
    return banner.getAttribute('data-look')
  }

  /** The decision once it shows, by itself: how it came out, what it says, and every check. */
  async decision() {
    const banner = this.page.locator('[data-outcome]').first()
    await banner.waitFor()
    const all = await this.page
      .locator('[data-check]')
      .evaluateAll((checks) => checks.map(({ dataset }) => ({ id: dataset.check, outcome: dataset.outcome })))
    const which = (outcome) => all.filter((check) => OUTCOMES[check.outcome] === outcome).map(({ id }) => id)
    return {
      outcome: OUTCOMES[await banner.getAttribute('data-outcome')],
      said: await banner.innerText(),
      accepted: which('accepted'),
      refused: which('refused'),
      cannotTell: which('cannot tell'),
    }
  }
}
