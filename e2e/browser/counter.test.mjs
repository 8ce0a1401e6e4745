// The counter's screen: how each decision looks, personal data that leaves it, codes renewed in time, the keyboard alone, the app.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { approvedOffer, call, change, stack } from '../stack.mjs'
import { didResolver } from '../interop/lib/did.mjs'
import { accredit, newOrganisation, scratch } from '../interop/lib/huizheng.mjs'
import { newKey } from '../interop/lib/keys.mjs'
import { CLAIMS, CONFIGURATION, TYPE, VCT } from '../interop/lib/licence.mjs'
import { issueSdJwt } from '../interop/lib/sdjwt.mjs'
import { receive, resolveRequest, respond } from '../interop/lib/wallet.mjs'
import { launch, launchAsOwner } from './lib/browser.mjs'
import { asked, folder } from './lib/codes.mjs'
import { tabTo } from './lib/keyboard.mjs'
import { Counter } from './lib/people.mjs'
import { wordsOf } from './lib/words.mjs'

const PURPOSE = 'company-service'
const resolve = didResolver(stack.chain.url, 'authentication')

async function newLicence() {
  const offer = await approvedOffer(TYPE, CLAIMS)
  const held = await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
  return { offer, held }
}

// The credential with one letter of its issuer's signature changed.
function forgedFrom({ credential }) {
  const [token, ...rest] = credential.split('~')
  const at = token.length - 20
  const changed = token[at] === 'A' ? 'B' : 'A'
  return [token.slice(0, at) + changed + token.slice(at + 1), ...rest].join('~')
}

// Licences by two organisations of our own, of which governance accredited one; without a status on the chain.
async function otherLicences() {
  const folders = [scratch(), scratch()]
  const [accredited, stranger] = [await newOrganisation(folders[0].path), await newOrganisation(folders[1].path)]
  await accredit(accredited, TYPE, { zh: '芜湖市市场监督管理局', en: 'Wuhu Market Supervision Administration' })
  for (const folder of folders) folder.remove()
  const issue = async (organisation, times = {}) => {
    const key = newKey()
    const iat = Math.floor(Date.now() / 1000)
    const fixed = { iss: organisation.did, vct: VCT, cnf: { jwk: key.publicJwk }, iat, ...times }
    return { key, credential: await issueSdJwt({ ...organisation, fixed, claims: CLAIMS }) }
  }
  return {
    no_right: await issue(stranger),
    cannot_tell: await issue(accredited),
    not_yet: await issue(accredited, { nbf: Math.floor(Date.now() / 1000) + 30 * 86_400 }),
  }
}

// A holder who says no.
async function declines(link) {
  const { payload } = await resolveRequest(link, resolve)
  const body = new URLSearchParams({ error: 'access_denied', state: payload.state })
  const answer = await fetch(payload.response_uri, { method: 'POST', body })
  assert.equal(answer.status, 200, await answer.text())
}

for (const [lang, screen] of [
  ['zh', { width: 1366, height: 768 }],
  ['en', { width: 1024, height: 768 }],
]) {
  describe(`the counter’s screen (${lang}, ${screen.width} px)`, () => {
    const seen = []
    let browser, counter, licence, others
    before(async () => {
      browser = await launch()
      counter = await Counter.arrive(browser, { lang, ...screen }, seen)
      await counter.opens()
      licence = await newLicence()
      others = await otherLicences()
    })
    after(() => browser?.close())

    test('choose, show, read, print', async () => {
      await counter.look('counter-home')
      await counter.chooses(PURPOSE)
      await counter.look('counter-link')
      // The whole code is on the screen without scrolling.
      const code = await counter.page.locator('.qr').boundingBox()
      assert.ok(code.y >= 0 && code.y + code.height <= screen.height, JSON.stringify(code))
      await counter.choosesCodes(PURPOSE)
      await counter.look('counter-codes')
      await counter.page.goto(`${stack.verifier.url}/printed`)
      await counter.field(counter.say('counter', 'printed.place')).fill('the door')
      await counter.button(counter.say('counter', 'printed.print')).click()
      await counter.page.getByText(counter.say('counter', 'printed.place_wrong')).waitFor()
      await counter.look('counter-printed')
      await counter.field(counter.say('counter', 'printed.place')).fill(`desk-${lang}`)
      await counter.button(counter.say('counter', 'printed.print')).click()
      await counter.page.locator('.sheet .qr').first().waitFor()
      assert.match(await counter.page.locator('[data-copy]').getAttribute('data-copy'), /^HZ1:/)
      await counter.look('counter-sheet')
      await counter.link(counter.say('counter', 'printed.back')).click()
      const tile = counter.page.getByRole('article').filter({ hasText: `desk-${lang}` })
      await tile.getByRole('button', { name: counter.say('counter', 'printed.read') }).click()
      await counter.page.locator('[data-reader]').waitFor()
      assert.equal(await counter.page.locator('.qr').count(), 0, 'nothing is shown, only read')
      await counter.look('counter-one-way')
    })

    for (const [look, forged, before] of [
      ['accepted', () => ({})],
      ['other_person', () => ({ key: newKey() })],
      ['replayed', () => ({ nonce: 'bm9uY2Utb2YtYW5vdGhlci1yZXF1ZXN0' })],
      ['overreach', () => ({ also: { address: true } })],
      ['forged', () => ({ credential: forgedFrom(licence.held) })],
      ['suspended', () => ({}), 'suspend'],
      ['revoked', () => ({}), 'revoke'],
    ]) {
      test(`${look} is seen at once`, async () => {
        if (before) await change(licence.offer, before)
        const link = await counter.asks(PURPOSE)
        await respond(await resolveRequest(link, resolve), [licence.held], forged())
        assert.equal(await counter.outcome(), look)
        const title = counter.heading(counter.say('counter', `look.${look}`))
        await title.waitFor()
        const box = await title.boundingBox()
        assert.ok(box.y + box.height < screen.height / 2, 'the title stands in the upper half of the screen')
        assert.ok(parseFloat(await title.evaluate((element) => getComputedStyle(element).fontSize)) >= 28, 'the title is large')
        await counter.page.evaluate(() => scrollTo(0, 0))
        await counter.look(`counter-look-${look}`)
      })
    }

    // What is to be authorised is asked by programs.
    const toAuthorise = async () => {
      const lines = [{ label: { zh: '金额', en: 'Amount' }, value: '¥ 20,000' }]
      const transaction = { credential_ids: [CONFIGURATION], title: { zh: '申领惠企资金', en: 'Claim the subsidy' }, lines }
      const body = { purpose: PURPOSE, transaction_data: [transaction] }
      const asked = await call('POST', `${stack.verifier.url}/api/requests`, { token: stack.staff_token, body })
      await counter.page.goto(`${stack.verifier.url}/requests/${asked.id}`)
      return asked.link
    }
    const answers = (held, forged) => async (link) => respond(await resolveRequest(link, resolve), [held()], forged)
    for (const [look, answer, ask] of [
      ['not_asked', answers(() => licence.held, { less: 'creditCode' })],
      ['no_right', answers(() => others.no_right)],
      ['not_yet', answers(() => others.not_yet)],
      ['cannot_tell', answers(() => others.cannot_tell)],
      ['no_mandate', answers(() => licence.held), toAuthorise],
      ['declined', declines],
    ]) {
      test(`${look} is seen at once, too`, async () => {
        // A credential that counts; the one above was revoked.
        if (ask || look === 'not_asked') licence = await newLicence()
        await answer(await (ask ? ask() : counter.asks(PURPOSE)))
        assert.equal(await counter.outcome(), look)
        const title = counter.heading(counter.say('counter', `look.${look}`))
        const box = await title.boundingBox()
        assert.ok(box.y + box.height < screen.height / 2, 'the title stands in the upper half of the screen')
        await counter.page.evaluate(() => scrollTo(0, 0))
        await counter.look(`counter-look-${look}`)
      })
    }

    test('every page is accessible in both themes, fits a narrow screen and reports no fault', () => assert.deepEqual(seen, []))
  })
}

describe('personal data leaves the screen', () => {
  let browser, licence
  before(async () => {
    browser = await launch()
    licence = await newLicence()
  })
  after(() => browser?.close())

  // A counter that shows an accepted licence.
  async function shown(prepare = () => {}) {
    const counter = await Counter.arrive(browser, { lang: 'zh', width: 1366, height: 768 })
    await prepare(counter.page)
    await counter.opens()
    const link = await counter.asks(PURPOSE)
    await respond(await resolveRequest(link, resolve), [licence.held])
    assert.equal(await counter.outcome(), 'accepted')
    await counter.page.getByText(CLAIMS.name).first().waitFor()
    return counter
  }

  async function isGone(counter) {
    await counter.page.getByText(counter.say('counter', 'result.cleared')).waitFor()
    const text = await counter.page.locator('body').innerHTML()
    for (const value of [CLAIMS.name, CLAIMS.creditCode, CLAIMS.legalRepresentative]) assert.ok(!text.includes(value), value)
    assert.equal(await counter.outcome(), 'accepted', 'the decision stays')
    // Nor does it come back.
    await counter.page.reload()
    assert.equal(await counter.outcome(), 'accepted')
    await counter.page.getByText(counter.say('counter', 'counter.gone')).waitFor()
    assert.ok(!(await counter.page.locator('body').innerHTML()).includes(CLAIMS.name))
    assert.deepEqual(counter.page.faults, [])
  }

  test('by a key', async () => {
    const counter = await shown()
    const cleared = counter.page.waitForResponse((answer) => answer.url().endsWith('/clear'))
    await counter.page.keyboard.press('Escape')
    await cleared
    await isGone(counter)
  })

  test('by its button', async () => {
    const counter = await shown()
    const cleared = counter.page.waitForResponse((answer) => answer.url().endsWith('/clear'))
    await counter.page.locator('[data-leaving] button').click()
    await cleared
    await isGone(counter)
  })

  test('when the screen goes away', async () => {
    const counter = await shown()
    const cleared = counter.page.waitForResponse((answer) => answer.url().endsWith('/clear'))
    await counter.page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
      delete document.hidden
    })
    await cleared
    await isGone(counter)
  })

  test('by itself after two minutes', async () => {
    const counter = await shown((page) => page.clock.install())
    await counter.page.clock.runFor(100_000)
    await counter.page.getByText(CLAIMS.name).first().waitFor()
    const cleared = counter.page.waitForResponse((answer) => answer.url().endsWith('/clear'))
    await counter.page.clock.runFor(25_000)
    await cleared
    await counter.page.getByText(counter.say('counter', 'result.cleared')).waitFor()
    assert.ok(!(await counter.page.locator('body').innerHTML()).includes(CLAIMS.name))
  })
})

describe('codes are renewed before they run out', () => {
  let browser, licence
  before(async () => {
    browser = await launch()
    licence = await newLicence()
  })
  after(() => browser?.close())

  test('a link: in its place, and what answers the former one is still shown', async () => {
    const counter = await Counter.arrive(browser, { lang: 'zh' })
    await counter.page.clock.install()
    await counter.opens()
    const former = await counter.asks(PURPOSE)
    const path = counter.page.url()
    await counter.page.clock.runFor(285_000)
    await counter.page.waitForURL((url) => url.href !== path)
    const newer = await counter.codeLink()
    assert.notEqual(newer, former)
    await respond(await resolveRequest(former, resolve), [licence.held])
    await counter.page.clock.resume()
    assert.equal(await counter.outcome(), 'accepted')
    assert.equal(counter.page.url(), path)
    assert.deepEqual(counter.page.faults, [])
  })

  test('codes: in their place, while the reader goes on', async () => {
    const counter = await Counter.arrive(browser, { lang: 'zh' })
    await counter.page.clock.install()
    await counter.opens()
    await counter.choosesCodes(PURPOSE)
    const [former, path] = [await asked(counter.page), counter.page.url()]
    const reader = await counter.page.locator('[data-reader]').elementHandle()
    await counter.page.clock.runFor(215_000)
    await counter.page.waitForURL((url) => url.href !== path)
    assert.notEqual(await asked(counter.page), former)
    assert.ok(await reader.evaluate((element) => element.isConnected), 'the reader was replaced')
    assert.deepEqual(counter.page.faults, [])
  })
})

test('several codes take turns more slowly than three a second, and hold still when told', async () => {
  const browser = await launch()
  const counter = await Counter.arrive(browser, { lang: 'en' })
  await counter.opens()
  await counter.choosesCodes(PURPOSE)
  const frame = counter.page.locator('[data-turn]')
  assert.ok(Number(await frame.getAttribute('data-turn')) > 333)
  const shown = () => frame.locator('.qr-turn:not(.later) svg').getAttribute('aria-label')
  const first = await shown()
  await counter.page.waitForFunction((label) => document.querySelector('.qr-turn:not(.later) svg').getAttribute('aria-label') !== label, first)
  await counter.button(counter.say('counter', 'codes.hold')).click()
  const still = await shown()
  await counter.button(counter.say('counter', 'codes.next')).click()
  assert.notEqual(await shown(), still)
  await counter.button(counter.say('counter', 'codes.play')).waitFor()
  await browser.close()
})

test('from the purpose to the next person by keyboard alone', async () => {
  const browser = await launch()
  const licence = await newLicence()
  const counter = await Counter.arrive(browser, { lang: 'zh', width: 1366, height: 768 })
  const { page, say } = counter
  await page.goto(`${stack.verifier.url}/sign-in`)
  assert.equal(await page.evaluate(() => document.activeElement.name), 'token')
  await page.keyboard.insertText(stack.staff_token)
  await page.keyboard.press('Enter')
  await counter.heading(say('counter', 'counter.title')).waitFor()
  await tabTo(page, counter.tile(PURPOSE).locator('[value=codes]'))
  await page.keyboard.press('Enter')
  await page.locator('[data-reader]').waitFor()
  for (const [part, key] of [['codes', 'hold'], ['codes', 'next'], ['codes', 'camera']]) await tabTo(page, counter.button(say('counter', `${part}.${key}`)))
  await page.goBack()
  await tabTo(page, counter.tile(PURPOSE).locator('[value=link]'))
  await page.keyboard.press('Enter')
  await page.locator('.qr-frame').waitFor()
  await tabTo(page, page.locator('summary', { hasText: say('shared', 'qr.other_way') }))
  await page.keyboard.press('Enter')
  const link = await page.locator('.qr-panel [data-copy]').getAttribute('data-copy')
  await respond(await resolveRequest(link, resolve), [licence.held])
  assert.equal(await counter.outcome(), 'accepted')
  // Whoever reads by ear hears the decision, and goes on from there.
  assert.equal(await page.evaluate(() => document.activeElement.textContent), say('counter', 'look.accepted'))
  await tabTo(page, page.locator('[data-leaving] button'))
  await tabTo(page, page.locator('[data-check] summary').first())
  await page.keyboard.press('Enter')
  assert.ok(await page.locator('[data-check] details').first().evaluate((check) => check.open))
  await page.keyboard.press('Escape')
  await page.getByText(say('counter', 'result.cleared')).waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent), say('counter', 'result.next'))
  await page.keyboard.press('Enter')
  await counter.heading(say('counter', 'counter.title')).waitFor()
  assert.deepEqual(page.faults, [])
  await browser.close()
})

describe('the counter as an app', () => {
  let context
  after(() => context?.close())

  test('chromium would install it, keeps nothing personal, and says so when its service is away', async () => {
    const say = wordsOf('zh')
    context = await launchAsOwner(folder('profile'))
    const page = await context.newPage()
    await page.goto(`${stack.verifier.url}/sign-in`)
    await page.locator('[name=token]').fill(stack.staff_token)
    await page.locator('main button[type=submit]').click()
    await page.waitForURL(`${stack.verifier.url}/`)
    // A worker that wakes while this page is on its way takes the next one.
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}))
    await page.reload()
    assert.ok(await page.evaluate(() => navigator.serviceWorker.controller !== null), 'the worker serves the page')
    const devtools = await context.newCDPSession(page)
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors')
    assert.deepEqual(installabilityErrors, [])
    const { errors, data } = await devtools.send('Page.getAppManifest')
    assert.deepEqual(errors, [])
    assert.equal(JSON.parse(data).start_url, '/')

    await page.locator('[value=codes]').first().click()
    await page.locator('[data-reader]').waitFor()
    const kept = await page.evaluate(async () => {
      const names = await caches.keys()
      const kept = []
      for (const name of names) for (const { url } of await (await caches.open(name)).keys()) kept.push(new URL(url).pathname)
      return { names, kept }
    })
    assert.equal(kept.names.length, 1)
    assert.match(kept.names[0], /^huizheng-counter-[0-9a-f]{12}$/)
    assert.ok(kept.kept.every((path) => /^\/(assets\/|counter\/[0-9a-f]{12}\/|away$)/.test(path)), kept.kept.join(' '))

    await context.setOffline(true)
    await page.goto(`${stack.verifier.url}/`)
    await page.getByRole('heading', { name: say('counter', 'app.away') }).waitFor()
    await context.setOffline(false)
    await page.locator('a.button').first().click()
    await page.getByRole('heading', { name: /办理什么业务|What is it for/ }).waitFor()
  })
})
