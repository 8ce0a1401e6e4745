// A phone with no network at the counter: its codes read by a camera, by a scanner that types, by hand, and from pictures.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { approvedOffer, call, issuerOf, stack } from '../stack.mjs'
import { CLAIMS, TYPE } from '../interop/lib/licence.mjs'
import { launch } from './lib/browser.mjs'
import { HUIZHENG, NOTHING, Wallet, asked, cameraOf, film, folder, keyOf, scan } from './lib/codes.mjs'
import { Applicant, Counter } from './lib/people.mjs'

const PURPOSE = 'company-service'

test('the decoder in the binary is npm’s to the byte', () => {
  const published = createRequire(import.meta.url).resolve('qr/decode.js')
  for (const name of ['decode.js', 'index.js', 'LICENSE']) {
    const ours = new URL(`../../verifier/assets/qr-0.7.0/${name}`, import.meta.url)
    assert.ok(readFileSync(ours).equals(readFileSync(join(published, '..', name))), name)
  }
})

describe('codes', () => {
  const seen = []
  const clip = join(folder('clip'), 'camera.mjpeg')
  let painter, browser, wallet
  before(async () => {
    painter = await launch()
    await film(painter, [NOTHING], clip)
    browser = await launch({ args: cameraOf(clip) })
    wallet = new Wallet()
    await wallet.init(stack.chain.url)
    await wallet.receive(await approvedOffer(TYPE, CLAIMS))
  })
  after(async () => {
    await browser?.close()
    await painter?.close()
  })

  async function atTheReader(looks = {}, purpose = PURPOSE) {
    const counter = await Counter.arrive(browser, { lang: 'zh', width: 1366, height: 768, ...looks }, seen)
    await counter.opens()
    await counter.choosesCodes(purpose)
    return counter
  }

  test('a 720p camera reads a phone’s codes in turn, and the decision is there', async (context) => {
    const counter = await atTheReader()
    const answer = await wallet.answer(await asked(counter.page))
    assert.ok(answer.texts.length <= 3, `${answer.texts.length} codes`)
    await film(painter, await answer.draw(), clip)
    // The moment the last code was read, kept over the change of pages.
    await counter.page.evaluate(() => {
      const mark = performance.mark.bind(performance)
      performance.mark = (name, ...rest) => {
        if (name === 'huizheng:read') sessionStorage.setItem('read', performance.timeOrigin + performance.now())
        return mark(name, ...rest)
      }
    })
    await counter.button(counter.say('counter', 'codes.camera')).click()
    assert.equal(await counter.outcome(), 'accepted')
    const took = await counter.page.evaluate(() => {
      const painted = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now()
      return performance.timeOrigin + painted - Number(sessionStorage.getItem('read'))
    })
    context.diagnostic(`page/scan_to_decision_ms ${took.toFixed(0)}`)
    await counter.page.getByText(CLAIMS.creditCode).waitFor()
    await counter.look('counter-read-by-camera')
    await film(painter, [NOTHING], clip)
  })

  test('the camera’s page while it looks, and its portrait when it has read an ID', async () => {
    const issuer = issuerOf('digital-id')
    const applicant = await Applicant.arrive(browser, { lang: 'zh' })
    await applicant.apply(issuer, 'digital-id')
    await call('POST', `${issuer.url}/api/applications/${applicant.application}/approve`, { token: stack.staff_token })
    const { offer, code } = await applicant.collects()
    await applicant.leave()
    const holder = new Wallet()
    await holder.init(stack.chain.url)
    await holder.receive({ offer_uri: offer, tx_code: code })
    const counter = await atTheReader({}, 'identity-check')
    const answer = await holder.answer(await asked(counter.page))
    const pictures = await answer.draw()
    await film(painter, pictures.slice(0, 1), clip)
    await counter.button(counter.say('counter', 'codes.camera')).click()
    const total = String(answer.texts.length)
    await counter.page.getByText(counter.say('counter', 'codes.progress', { have: '1', total })).waitFor()
    await counter.look('counter-reading')
    await counter.button(counter.say('counter', 'codes.stop')).click()
    await film(painter, pictures, clip)
    await counter.button(counter.say('counter', 'codes.camera')).click()
    assert.equal(await counter.outcome(), 'accepted')
    const portrait = counter.page.getByRole('img', { name: counter.say('counter', 'result.portrait'), exact: true })
    assert.ok(await portrait.evaluate((image) => image.complete && image.naturalWidth > 0), 'the portrait is not drawn')
    await counter.look('counter-read-id')
    await film(painter, [NOTHING], clip)
  })

  test('a scanner types them, wherever the focus is, code by code', async () => {
    const counter = await atTheReader({ lang: 'en', width: 1024 })
    const { texts } = await wallet.answer(await asked(counter.page))
    await counter.button(counter.say('counter', 'codes.hold')).focus()
    await scan(counter.page, texts[0])
    const progress = counter.say('counter', 'codes.progress', { have: '1', total: String(texts.length) })
    await counter.page.getByText(progress, { exact: true }).waitFor()
    assert.equal(await counter.page.locator('[data-parts] .have').count(), 1)
    await counter.look('counter-scanned-one')
    await scan(counter.page, texts[0])
    await counter.page.getByText(progress, { exact: true }).waitFor()
    for (const text of texts.slice(1)) await scan(counter.page, text)
    assert.equal(await counter.outcome(), 'accepted')
  })

  test('an input method that takes the letters away does not matter', async () => {
    const counter = await atTheReader()
    const { texts } = await wallet.answer(await asked(counter.page))
    // What chromium sends while an input method composes: no letter, but the place of the key.
    const keys = texts.map((text) => [...text].map(keyOf))
    const typed = (all) => {
      const press = (key, code, shiftKey = false) =>
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, shiftKey, bubbles: true, cancelable: true }))
      for (const keys of all) {
        for (const { code, shift } of keys) press('Process', code, shift)
        press('Enter', 'Enter')
      }
    }
    await counter.page.evaluate(typed, keys)
    assert.equal(await counter.outcome(), 'accepted')
  })

  test('codes of two showings are told apart, with a word about what to do', async () => {
    // A phone answers one question once, and shows that answer again: so another's was to another question.
    const one = await wallet.answer(await asked((await atTheReader()).page))
    const counter = await atTheReader()
    const two = await wallet.answer(await asked(counter.page))
    await scan(counter.page, one.texts[0])
    await counter.page.locator('[data-parts] .have').waitFor()
    await scan(counter.page, two.texts[1])
    await counter.page.getByText(counter.say('counter', 'codes.other_code')).waitFor()
    await counter.look('counter-mixed')
    await counter.button(counter.say('counter', 'codes.afresh')).click()
    await scan(counter.page, (await asked(counter.page)).split('\n')[0])
    await scan(counter.page, (await asked(counter.page)).split('\n').at(-1))
    await counter.page.getByText(counter.say('counter', 'codes.counters')).waitFor()
    for (const code of two.texts) await scan(counter.page, code)
    assert.equal(await counter.outcome(), 'accepted')
  })

  test('by hand, and without scripts', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' })
    const page = await context.newPage()
    await page.goto(`${stack.verifier.url}/sign-in`)
    await page.locator('[name=token]').fill(stack.staff_token)
    await page.locator('main button[type=submit]').click()
    const tile = page.getByRole('article').filter({ has: page.locator(`input[value="${PURPOSE}"]`) })
    await tile.locator('[value=codes]').click()
    const { texts } = await wallet.answer(await asked(page))
    await page.locator('.reader summary').click()
    await page.locator('[name=codes]').fill(texts.join('\n'))
    await page.locator('.reader form button').click()
    assert.equal(await page.locator('[data-look]').getAttribute('data-look'), 'accepted')
    await context.close()
  })

  test('a sheet at a desk is answered one-way, once', async () => {
    const counter = await Counter.arrive(browser, { lang: 'zh', width: 1366, height: 768 }, seen)
    await counter.opens()
    await counter.page.goto(`${stack.verifier.url}/printed/${PURPOSE}/desk-7`)
    const sheet = await counter.page.locator('[data-copy]').getAttribute('data-copy')
    const { texts } = await wallet.answer(sheet)
    for (const look of ['accepted', 'replayed']) {
      await counter.page.goto(`${stack.verifier.url}/printed`)
      const tile = counter.page.getByRole('article').filter({ hasText: 'desk-7' })
      await tile.getByRole('button', { name: counter.say('counter', 'printed.read') }).click()
      await counter.page.locator('[data-reader]').waitFor()
      for (const text of texts) await scan(counter.page, text)
      assert.equal(await counter.outcome(), look)
    }
  })

  test('the terminal decides from pictures and texts', async () => {
    const counter = await atTheReader()
    const text = await asked(counter.page)
    const answer = await wallet.answer(text)
    const shots = await film(painter, await answer.draw(), clip)
    const where = folder('pictures')
    const [request, anchor] = [join(where, 'request.txt'), join(where, 'anchor.json')]
    writeFileSync(request, text)
    writeFileSync(anchor, JSON.stringify(stack.chain.anchor))
    const files = shots.map((shot, at) => {
      const file = join(where, `${at}.jpeg`)
      writeFileSync(file, shot)
      return file
    })
    const { stdout } = await promisify(execFile)(HUIZHENG, ['verify', '--offline', ...files, '--request', request, '--anchor', anchor])
    assert.match(stdout, /accepted/)
    assert.ok(stdout.includes(CLAIMS.creditCode))
    const missing = promisify(execFile)(HUIZHENG, ['verify', '--offline', files[0], '--request', request, '--anchor', anchor])
    await assert.rejects(missing, /codes are missing: 1 of/)
  })

  test('every page is accessible in both themes, fits a narrow screen and reports no fault', () => assert.deepEqual(seen, []))
})
