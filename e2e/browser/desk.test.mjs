// A department's desk in the browser: two who approve, an application sent back and corrected, bulk issuance with its progress, a
// correction, accounts, keys that are replaced and stolen, and every page looked at.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before } from 'node:test'
import { approvedOffer, issuerOf, stack } from '../stack.mjs'
import { launch, open, shoot } from './lib/browser.mjs'
import { Applicant, Clerk, Holder } from './lib/people.mjs'
import { steps } from './lib/steps.mjs'

/** For what a desk waits for: a large file, a long job. */
const LONG = 120_000

const step = steps()
const seen = []
let browser, clerk, supervisor, applicant

before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const staff = async (token, issuer, looks = {}) => {
  const person = await Clerk.arrive(browser, { lang: 'zh', ...looks }, seen)
  await person.page.goto(`${issuer.url}/console/sign-in`)
  await person.field(person.say('issuer', 'sign-in.token')).fill(token)
  await person.button(person.say('issuer', 'sign-in.submit')).click()
  await person.page.waitForURL(`${issuer.url}/console`)
  return person
}

step('an application is sent back, corrected on the portal, and approved by two', async () => {
  const issuer = issuerOf('talent-certificate')
  clerk = await staff(stack.staff_token, issuer)
  supervisor = await staff(stack.supervisor_token, issuer)
  applicant = await Applicant.arrive(browser, { lang: 'zh', width: 390, height: 844 }, seen)
  await applicant.apply(issuer, 'talent-certificate')
  await applicant.page.locator('[name=file]').setInputFiles({ name: 'degree.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7 degree') })
  await applicant.button(applicant.say('issuer', 'attach.send')).click()
  await applicant.page.getByText('degree.pdf').first().waitFor()
  await applicant.look('desk-applied')

  await clerk.opensApplication(applicant.application)
  await clerk.button(clerk.say('issuer', 'review.take')).click()
  await clerk.page.getByText(clerk.say('issuer', 'state.in-review')).first().waitFor()
  await clerk.look('desk-review')
  await clerk.page.locator('summary', { hasText: clerk.say('issuer', 'review.return') }).click()
  await clerk.field(clerk.say('issuer', 'review.note')).fill('请上传学位证书')
  await clerk.button(clerk.say('issuer', 'review.return-send')).click()
  await clerk.page.getByText(clerk.say('issuer', 'review.with-applicant')).first().waitFor()

  await applicant.link(applicant.say('issuer', 'application.correct')).click()
  await applicant.look('desk-correct')
  await applicant.button(applicant.say('issuer', 'application.correct-send')).click()
  await applicant.heading(applicant.say('issuer', 'application.submitted-title')).waitFor()

  await clerk.page.reload()
  await clerk.button(clerk.say('issuer', 'review.approve')).click()
  await clerk.page.getByText(clerk.say('issuer', 'happening.endorsed', { name: '窗口一号 Desk 1' })).waitFor()
  await supervisor.page.goto(clerk.page.url().replace(/\/(take|return|approve)$/, ''))
  await supervisor.button(supervisor.say('issuer', 'review.approve')).click()
  await supervisor.heading(supervisor.say('issuer', 'review.issued')).waitFor()
  await applicant.button(applicant.say('issuer', 'application.collect')).waitFor()
})

step('records are imported, and a bulk issuance shows how it goes until it is done', async () => {
  const issuer = issuerOf('social-security-card')
  const rows = Array.from({ length: 40 }, (_, n) => `程知夏,${idNumber(n)},H${String(n).padStart(8, '0')},340100`)
  const csv = `name,idNumber,cardNumber,region\n${rows.join('\n')}\n=1,2,3,4\n`
  await clerk.page.goto(`${issuer.url}/console/records`)
  const panel = clerk.page.locator('form[action$="/social-security-card/import"]')
  await panel.locator('[name=file]').setInputFiles({ name: 'records.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await panel.locator('button').click()
  await clerk.page.getByText(clerk.say('issuer', 'records.report', { added: '40', replaced: '0', refused: '1' })).waitFor()
  await clerk.look('desk-imported')
  await clerk.page.locator('form[action$="/social-security-card/issue"]').locator('button').click()
  await clerk.button(clerk.say('issuer', 'jobs.links')).waitFor()
  await clerk.page.getByText(clerk.say('issuer', 'jobs.figures', { done: '40', total: '40', left: '0' })).waitFor()
  await clerk.look('desk-job')
  const [download] = await Promise.all([clerk.page.waitForEvent('download'), clerk.button(clerk.say('issuer', 'jobs.links')).click()])
  assert.equal(download.suggestedFilename(), 'links.csv')
})

step('a large bulk issuance is seen under way, also by whoever comes back, until it is done', async () => {
  const issuer = issuerOf('social-security-card')
  const count = 5_000
  const rows = Array.from({ length: count }, (_, n) => `王若林,${idNumber(1000 + n)},H${String(1000 + n).padStart(8, '0')},340100`)
  await clerk.page.goto(`${issuer.url}/console/records`)
  const panel = clerk.page.locator('form[action$="/social-security-card/import"]')
  const csv = `name,idNumber,cardNumber,region\n${rows.join('\n')}\n`
  await panel.locator('[name=file]').setInputFiles({ name: 'records.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) })
  await panel.locator('button').click({ timeout: LONG })
  const report = clerk.say('issuer', 'records.report', { added: String(count), replaced: '0', refused: '0' })
  await clerk.page.getByText(report).waitFor({ timeout: LONG })
  await clerk.page.locator('form[action$="/social-security-card/issue"]').locator('button').click()
  const isUnderWay = () => {
    const bar = document.querySelector('progress')
    return bar && bar.value > 0 && bar.value < bar.max
  }
  await clerk.page.waitForFunction(isUnderWay)
  await shoot(clerk.page, 'desk-job-running-zh-Hans-light')
  const before = await clerk.page.locator('progress').evaluate((bar) => bar.value)
  await clerk.page.reload()
  assert.ok((await clerk.page.locator('progress').evaluate((bar) => bar.value)) >= before)
  await clerk.button(clerk.say('issuer', 'jobs.links')).waitFor({ timeout: LONG })
  const figures = { done: String(count), total: String(count), left: '0' }
  await clerk.page.getByText(clerk.say('issuer', 'jobs.figures', figures)).waitFor()
})

step('a holder is found, and the pages of the desk are sound in English too', async () => {
  const issuer = issuerOf('mandate')
  const { id } = await approvedOffer('business-licence', await example('business-licence'))
  const desk = await staff(stack.staff_token, issuer, { lang: 'en' })
  await desk.page.goto(`${issuer.url}/console/search`)
  await desk.look('desk-search')
  await desk.field(desk.say('issuer', 'search.wanted')).fill('91340100ma8hue6k0r')
  await desk.button(desk.say('issuer', 'search.find')).click()
  await desk.page.locator(`a[href$="/${id}"]`).waitFor()
  await desk.look('desk-found')
  for (const [name, path] of [['overview', '/console/overview'], ['records', '/console/records'], ['accounts', '/console/accounts'], ['audit', '/console/audit'], ['keys', '/console/keys'], ['accreditation', '/console/accreditation'], ['queue', '/console?state=approved']]) {
    await desk.page.goto(`${issuer.url}${path}`)
    await desk.look(`desk-${name}`)
  }
  await desk.page.goto(`${issuer.url}/console/accounts`)
  const form = desk.page.locator('form[action="/console/accounts"]')
  await form.locator('[name=name]').fill(`Clerk ${Date.now()}`)
  await form.getByText(desk.say('issuer', 'role.clerk'), { exact: true }).click()
  await form.locator('button').click()
  await desk.page.getByText(desk.say('issuer', 'accounts.made'), { exact: true }).waitFor()
  await desk.look('desk-account-made')
})

step('a clerk with an account of her own signs in on a phone and changes the password', async () => {
  const issuer = issuerOf('mandate')
  const name = `Clerk ${Date.now()}`
  await supervisor.leave()
  const admin = await staff(stack.staff_token, issuer)
  await admin.page.goto(`${issuer.url}/console/accounts`)
  const form = admin.page.locator('form[action="/console/accounts"]')
  await form.locator('[name=name]').fill(name)
  await form.getByText(admin.say('issuer', 'role.clerk'), { exact: true }).click()
  await form.locator('button').click()
  await admin.page.getByText(admin.say('issuer', 'accounts.made'), { exact: true }).waitFor()
  await admin.look('desk-account-made')
  const first = await admin.page.locator('[data-secret] [data-copy]').getAttribute('data-copy')
  const phone = await Clerk.arrive(browser, { lang: 'zh', width: 390, height: 844 }, seen)
  await phone.page.goto(`${issuer.url}/console/sign-in`)
  await phone.look('desk-sign-in')
  await phone.field(phone.say('issuer', 'sign-in.name')).fill(name)
  await phone.field(phone.say('issuer', 'sign-in.password')).fill(first)
  await phone.button(phone.say('issuer', 'sign-in.with-password')).click()
  await phone.page.waitForURL(`${issuer.url}/console`)
  await phone.look('desk-phone')
  // Every entry of the menu is on the screen, for whoever has them all: none is to be found by pushing it sideways.
  await admin.page.setViewportSize({ width: 390, height: 844 })
  await admin.look('desk-phone-all')
  for (const entry of await admin.page.locator('.site-nav a').all()) {
    const box = await entry.boundingBox()
    assert.ok(box.x >= 0 && box.x + box.width <= 390, await entry.innerText())
  }
  await phone.link(name).click()
  const own = 'a sentence of her own, said once'
  await phone.field(phone.say('issuer', 'password.old')).fill(first)
  await phone.field(phone.say('issuer', 'password.new')).fill(own)
  await phone.field(phone.say('issuer', 'password.again')).fill('another sentence, and a long one')
  await phone.button(phone.say('issuer', 'password.change')).click()
  await phone.page.getByText(phone.say('issuer', 'password.not-again')).waitFor()
  await phone.look('desk-password')
  for (const [field, value] of [['old', first], ['new', own], ['again', own]]) {
    await phone.field(phone.say('issuer', `password.${field}`)).fill(value)
  }
  await phone.button(phone.say('issuer', 'password.change')).click()
  await phone.page.getByText(phone.say('issuer', 'password.done'), { exact: true }).waitFor()
})

step('two admins give a supervisor a half of her password each', async () => {
  const issuer = issuerOf('mandate')
  const name = `Supervisor ${Date.now()}`
  const open = async (token) => {
    const admin = await staff(token, issuer)
    await admin.page.goto(`${issuer.url}/console/accounts`)
    return { admin, row: admin.page.getByRole('row').filter({ hasText: name }) }
  }
  const half = async ({ admin }, which) => {
    await admin.page.getByText(admin.say('issuer', `accounts.${which}-half`)).waitFor()
    await admin.look(`desk-account-${which}-half`)
    return admin.page.locator('[data-secret] [data-copy]').getAttribute('data-copy')
  }
  const first = await open(stack.staff_token)
  const form = first.admin.page.locator('form[action="/console/accounts"]')
  await form.locator('[name=name]').fill(name)
  await form.getByText(first.admin.say('issuer', 'role.supervisor'), { exact: true }).click()
  await form.locator('button').click()
  await first.row.getByText(first.admin.say('issuer', 'accounts.unconfirmed')).waitFor()
  const before = await half(first, 'first')
  const second = await open(stack.supervisor_token)
  await second.row.getByRole('button', { name: second.admin.say('issuer', 'accounts.confirm'), exact: true }).click()
  const after = await half(second, 'second')
  await second.row.getByText(second.admin.say('issuer', 'accounts.open'), { exact: true }).waitFor()
  const member = await Clerk.arrive(browser, { lang: 'zh' }, seen)
  await member.page.goto(`${issuer.url}/console/sign-in`)
  await member.field(member.say('issuer', 'sign-in.name')).fill(name)
  await member.field(member.say('issuer', 'sign-in.password')).fill(before + after)
  await member.button(member.say('issuer', 'sign-in.with-password')).click()
  await member.page.waitForURL(`${issuer.url}/console`)
  for (const person of [first.admin, second.admin, member]) await person.leave()
})

step('two admins replace the key that acts on the chain', async () => {
  const issuer = issuerOf('mandate')
  const one = await staff(stack.staff_token, issuer)
  const other = await staff(stack.supervisor_token, issuer)
  await one.page.goto(`${issuer.url}/console/keys`)
  const form = one.page.locator('form[action="/console/keys/author/replace"]')
  await form.locator('[name=why]').fill('离任交接')
  await form.locator('button').click()
  await one.page.getByText(one.say('issuer', 'keys.other-must')).waitFor()
  await other.page.goto(`${issuer.url}/console/keys`)
  await other.page.getByText('离任交接').waitFor()
  await other.look('desk-keys-author')
  await other.button(other.say('issuer', 'keys.author-approve')).click()
  await form.waitFor({ state: 'detached' })
  await other.page.locator('form[action="/console/keys/author/replace"]').waitFor()
  await one.leave()
  await other.leave()
})

step('a key that was stolen is declared by one admin and approved by another, and everybody sees it', async () => {
  const issuer = issuerOf('subsidy-voucher')
  const one = await staff(stack.staff_token, issuer)
  const other = await staff(stack.supervisor_token, issuer)
  const keys = `${issuer.url}/console/keys`
  await one.page.goto(keys)
  const declare = one.page.locator('form[action="/console/keys/compromised"]')
  const stolen = await declare.locator('[name=key] option:not([value=""])').first().getAttribute('value')
  await declare.locator('[name=key]').selectOption(stolen)
  // In the department's own time, whatever the machine's is.
  await declare.locator('[name=date]').fill(new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format())
  await declare.locator('[name=reason]').fill('签名服务器遭入侵，密钥文件已外泄')
  await declare.locator('button').click()
  await one.page.getByText(one.say('issuer', 'keys.other-must')).waitFor()
  await one.look('desk-keys-asked')
  await other.page.goto(keys)
  await other.button(other.say('issuer', 'keys.approve')).click()
  await other.heading(other.say('issuer', 'keys.declared')).waitFor()
  const row = other.page.getByRole('row', { name: stolen }).filter({ hasText: other.say('issuer', 'keys.compromised') })
  await row.waitFor()
  await other.look('desk-keys-compromised')
  await other.heading(other.say('issuer', 'keys.declared')).scrollIntoViewIfNeeded()
  await shoot(other.page, 'desk-keys-declared-zh-Hans-light')
  await one.leave()
  await other.leave()
})

step('a citizen logs in to collect, and sees what goes to which wallet', async () => {
  const issuer = issuerOf('business-licence')
  await approvedOffer('business-licence', await example('business-licence'))
  const verifier = randomBytes(32).toString('base64url')
  const pushed = await fetch(`${issuer.url}/par`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: 'cn.huizheng.wallet', redirect_uri: 'cn.huizheng.wallet:/authorized', response_type: 'code', scope: 'business-licence-sd-jwt',
      state: 'of-a-test', code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
    }),
  })
  assert.equal(pushed.status, 201, await pushed.clone().text())
  const { request_uri: uri } = await pushed.json()
  const citizen = await Applicant.arrive(browser, { lang: 'zh', width: 390, height: 844 }, seen)
  await citizen.page.goto(`${issuer.url}/authorize?client_id=cn.huizheng.wallet&request_uri=${encodeURIComponent(uri)}`)
  await citizen.heading(citizen.say('issuer', 'citizens.title')).waitFor()
  await citizen.look('portal-login')
  await citizen.page.locator('button.choice').first().click()
  await citizen.page.getByText(citizen.say('issuer', 'authorize.yours'), { exact: true }).waitFor()
  await citizen.look('portal-consent')
  await citizen.leave()
})

step('what was issued is listed, and one is suspended while it is looked into', async () => {
  const issuer = issuerOf('business-licence')
  const holder = await Holder.arrive(browser, { lang: 'zh', width: 390, height: 844 }, seen)
  await holder.unlocks()
  for (const name of ['合肥徽光软件有限公司', '黄山云松茶业有限公司', '芜湖江声造船有限公司']) {
    const offer = await approvedOffer('business-licence', { ...(await example('business-licence')), name })
    await holder.receives({ offer: offer.offer_uri_by_value, code: offer.tx_code })
  }
  await holder.leave()
  const desk = await staff(stack.staff_token, issuer)
  await desk.page.goto(`${issuer.url}/console/credentials`)
  await desk.page.getByRole('table').getByRole('link', { name: '黄山云松茶业有限公司' }).first().click()
  await desk.heading(desk.say('issuer', 'credential.changes')).waitFor()
  await desk.look('desk-credential')
  await desk.changes(desk.page.url(), 'suspend', '地址待核查', 'checking')
  await desk.look('desk-credential-suspended')
  await desk.page.goto(`${issuer.url}/console/credentials`)
  await desk.page.getByRole('table').getByText(desk.say('issuer', 'state.suspended')).first().waitFor()
  await desk.look('desk-credentials')
  await desk.page.getByRole('table').getByRole('link', { name: '芜湖江声造船有限公司' }).first().click()
  await desk.link(desk.say('issuer', 'correct.link')).click()
  await desk.button(desk.say('issuer', 'correct.send')).waitFor()
  await desk.look('desk-credential-correct')
  await desk.leave()
})

step('the portal shows the way of a credential to its holder', async () => {
  const issuer = issuerOf('talent-certificate')
  const citizen = await Applicant.arrive(browser, { lang: 'en', width: 390, height: 844 }, seen)
  await citizen.page.goto(issuer.url)
  await citizen.look('portal-home')
  await citizen.chooses(issuer, 'talent-certificate')
  await citizen.look('portal-apply')
  await applicant.button(applicant.say('issuer', 'application.collect')).click()
  await applicant.page.locator('.qr-frame').waitFor()
  assert.ok(!(await applicant.page.locator('[data-tx-code]').isVisible()), 'one look has the code to scan and the code to type')
  await applicant.look('portal-collect')
})

step('nothing was wrong with any of the pages', () => assert.deepEqual(seen, []))

// The example that the portal offers, read from its form as a person would see it.
async function example(type) {
  const issuer = issuerOf(type)
  const page = await open(browser)
  await page.goto(`${issuer.url}/apply/${type}?example=1`)
  const claims = await page.locator('form').last().evaluate((form) => Object.fromEntries(new FormData(form)))
  await page.context().close()
  return { ...claims, registeredCapital: 500000000, term: 'long-term' }
}

// Resident ID numbers of people who don't exist (GB 11643, MOD 11-2).
function idNumber(n) {
  const day = new Date(Date.UTC(1990, 0, 1 + Math.floor(n / 1000)))
  const body = `340102${day.toISOString().slice(0, 10).replaceAll('-', '')}${String(n % 1000).padStart(3, '0')}`
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  const sum = [...body].reduce((sum, digit, at) => sum + Number(digit) * weights[at], 0)
  return body + '10X98765432'[sum % 11]
}
