// The network really cut: a counter and its browser in a network namespace with nothing but loopback, holding the chain's anchor and what the
// counter kept. A phone in the same dark answers by codes.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHROMIUM, launch } from './lib/browser.mjs'
import { HUIZHENG, NOTHING, Wallet, asked, cameraOf, film, folder, scan } from './lib/codes.mjs'
import { Counter } from './lib/people.mjs'
import { steps } from './lib/steps.mjs'
import { CLAIMS, TYPE } from '../interop/lib/licence.mjs'

const PURPOSE = 'company-service'
// Another department's card, and what it is asked for: of this department the counter learns nothing before the dark.
const ID_PURPOSE = 'adult-check'
const ID = {
  type: 'digital-id',
  claims: {
    name: '程知夏',
    sex: 'female',
    ethnicity: '汉族',
    birthDate: '1988-03-21',
    idNumber: '34010219880321214X',
    address: '安徽省合肥市蜀山区示例路86号3幢1202室',
    issuingAuthority: '合肥市公安局蜀山分局',
    portrait:
      'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==',
  },
}
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'
const isRoot = process.getuid() === 0
// A place with no network at all.
const NOWHERE = ['unshare', ...(isRoot ? [] : ['-r']), '-n']
// So many hours from now.
const clock = (hours) => ({ LD_PRELOAD: FAKETIME, FAKETIME: `+${hours}h`, FAKETIME_DONT_FAKE_MONOTONIC: '1' })

// A program of its own that is ready once its file of addresses is there.
async function ready(program, args, urls, options = {}) {
  rmSync(urls, { force: true })
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options })
  let said = ''
  child.stderr.on('data', (more) => (said += more))
  for (let waited = 0; !existsSync(urls); waited += 1) {
    assert.ok(child.exitCode === null && waited < 600, `it did not start: ${said}`)
    await sleep(100)
  }
  return child
}

const stop = async (child) => {
  if (!child || child.exitCode !== null) return
  const ended = new Promise((done) => child.once('exit', done))
  child.kill('SIGTERM')
  await ended
}

describe('with the network cut', () => {
  const [data, clip] = [folder('cut'), join(folder('clip'), 'camera.mjpeg')]
  const [before_, after_] = [join(data, 'before.json'), join(data, 'after.json')]
  const headless = ['--data', data, 'demo', '--headless', '--port-base', '0', '--urls', before_]
  const step = steps()
  const seen = []
  let demo, alone, browser, online, painter, counter, wallet, citizen, inside, now, token, application

  // The issuer of such cards of the demo that runs.
  const issuerOf = (type) => async (method, path, { token, body } = {}) => {
    const { issuers } = JSON.parse(readFileSync(before_, 'utf8'))
    const issuer = Object.values(issuers).find(({ credential_types }) => credential_types.includes(type))
    const headers = { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) }
    const answer = await fetch(issuer.url + path, { method, headers, body: body && JSON.stringify(body) })
    assert.ok(answer.ok, `${path}: ${answer.status}`)
    const text = await answer.text()
    return text && JSON.parse(text)
  }
  const [licences, ids] = [issuerOf(TYPE), issuerOf(ID.type)]

  // Applied for, approved, and on a phone.
  async function received(phone, issuer, wish) {
    const { id, secret } = await issuer('POST', '/api/applications', { body: wish })
    await issuer('POST', `/api/applications/${id}/approve`, { token })
    await phone.receive(await issuer('GET', `/api/applications/${id}/offer`, { token: secret }))
    return id
  }

  // Until a phone in the dark believes the counter's codes for this purpose.
  async function believed(person, url, purpose, phone) {
    for (let tried = 0; ; tried += 1) {
      assert.ok(tried < 600, 'the counter has no new evidence of itself')
      await person.page.goto(url)
      await person.tile(purpose).locator('[value=codes]').click()
      if (await phone.answer(await asked(person.page)).then(() => true, () => false)) return
    }
  }

  // What was found of each decision, newest first, once none waits.
  async function found(person, url) {
    for (let tried = 0; ; tried += 1) {
      assert.ok(tried < 300, 'a decision still waits for its second look')
      await person.page.goto(`${url}/offline`)
      const all = await person.page.locator('[data-found]').evaluateAll((marks) => marks.map(({ dataset }) => dataset.found))
      if (!all.includes('waiting')) return all
      await sleep(200)
    }
  }

  before(async () => {
    painter = await launch()
    await film(painter, [NOTHING], clip)
  })
  after(async () => {
    await online?.close()
    await browser?.close()
    await painter?.close()
    await stop(alone)
    await stop(demo)
  })

  // The counter alone, in a namespace where there is loopback and no way out.
  async function cut(env = {}) {
    const run = `ip link set lo up && exec "$0" "$@"`
    const counterAlone = [HUIZHENG, '--data', data, 'demo', '--only-counter', '--port-base', '0', '--urls', after_]
    const args = [...NOWHERE.slice(1), 'env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), 'sh', '-c', run, ...counterAlone]
    alone = await ready(NOWHERE[0], args, after_)
    inside = ['nsenter', '-t', String(alone.pid), ...(isRoot ? [] : ['-U', '--preserve-credentials']), '-n']
    now = JSON.parse(readFileSync(after_, 'utf8'))
    // The browser is a neighbour of the counter's, and of nobody else's.
    const neighbour = join(data, 'chromium')
    writeFileSync(neighbour, `#!/bin/sh\nexec ${inside.join(' ')} ${CHROMIUM} "$@"\n`)
    chmodSync(neighbour, 0o755)
    browser = await launch({ executable: neighbour, args: cameraOf(clip) })
  }

  async function atTheReader(purpose = PURPOSE) {
    const person = await Counter.arrive(browser, { lang: 'zh', width: 1366, height: 768 }, seen)
    await person.opens({ url: now.verifier.url, token })
    await person.tile(purpose).locator('[value=codes]').click()
    await person.page.locator('[data-reader]').waitFor()
    return person
  }

  step('before: a counter that has its evidence, a phone with a licence', async () => {
    demo = await ready(HUIZHENG, headless, before_)
    const { chain, verifier, staff_token } = JSON.parse(readFileSync(before_, 'utf8'))
    token = staff_token
    ;[wallet, citizen] = [new Wallet(), new Wallet()]
    for (const phone of [wallet, citizen]) await phone.init(chain.url)
    await received(wallet, licences, { type: TYPE, claims: CLAIMS })
    application = await received(citizen, ids, ID)
    assert.match(await wallet.run('wallet', 'list'), /合肥徽光/)
    // The counter fetches evidence of itself on its own; until it has it, its codes are one less.
    online = await launch()
    const person = await Counter.arrive(online, { lang: 'zh' })
    await person.opens({ url: verifier.url, token })
    let codes = 0
    for (let tried = 0; codes < 2 && tried < 100; tried += 1) {
      await person.page.goto(verifier.url)
      await person.tile(PURPOSE).locator('[value=codes]').click()
      codes = (await asked(person.page)).split('\n').length
      if (codes < 2) await sleep(100)
    }
    assert.ok(codes >= 2, 'the counter has no evidence of itself')
    await online.close()
    await stop(demo)
  })

  step('there is nothing but loopback, and the chain can’t be reached', async () => {
    await cut()
    wallet.within = inside
    const links = execFileSync(inside[0], [...inside.slice(1), 'ip', '-o', 'link'], { encoding: 'utf8' }).trim().split('\n')
    assert.equal(links.length, 1, links.join('\n'))
    assert.match(links[0], /\blo\b/)
    assert.equal(execFileSync(inside[0], [...inside.slice(1), 'ip', 'route'], { encoding: 'utf8' }).trim(), '')
    await assert.rejects(fetch(`${now.verifier.url}/health/live`), 'the counter can be reached from outside')
    counter = await Counter.arrive(browser, { lang: 'zh', width: 1366, height: 768 }, seen)
    await counter.page.goto(now.verifier.url)
    const reached = await counter.page.evaluate((url) => fetch(url).then(() => true, () => false), `${now.verifier.url}/health/ready`)
    // Ready or not: for some minutes it decides by what it has proven before.
    assert.ok(reached, 'the counter itself answers')
    counter.page.faults.splice(0)
  })

  step('a phone reads the counter’s codes, checks them by their evidence, and the camera reads its answer', async () => {
    await counter.opens({ url: now.verifier.url, token })
    await counter.tile(PURPOSE).locator('[value=codes]').click()
    const answer = await wallet.answer(await asked(counter.page))
    await film(painter, await answer.draw(), clip)
    await counter.button(counter.say('counter', 'codes.camera')).click()
    assert.equal(await counter.outcome(), 'accepted')
    const { refused, cannotTell } = await counter.decision()
    assert.deepEqual([...refused, ...cannotTell], [])
    await counter.page.getByText(CLAIMS.creditCode).waitFor()
    await counter.look('counter-cut')
  })

  step('a scanner does as well', async () => {
    const person = await atTheReader()
    const { texts } = await wallet.answer(await asked(person.page))
    for (const text of texts) await scan(person.page, text)
    assert.equal(await person.outcome(), 'accepted')
  })

  step('what was decided in the dark waits for a second look', async () => {
    await counter.page.goto(`${now.verifier.url}/offline`)
    const waiting = counter.page.locator('[data-found=waiting]')
    await waiting.first().waitFor()
    assert.equal(await waiting.count(), 2)
    await counter.look('counter-offline-waiting')
  })

  step('a phone that was without a network for a day and a half carries what is too old, and the counter says so', async () => {
    assert.ok(existsSync(FAKETIME), 'libfaketime is missing')
    await browser.close()
    await stop(alone)
    // The counter had its network back after thirty hours, the phone had not.
    const later = clock(30)
    demo = await ready(HUIZHENG, headless, before_, { env: { ...process.env, ...later } })
    const { verifier } = JSON.parse(readFileSync(before_, 'utf8'))
    for (const phone of [wallet, citizen]) Object.assign(phone, { within: NOWHERE, env: later })
    online = await launch()
    const person = await Counter.arrive(online, { lang: 'zh' })
    await person.opens({ url: verifier.url, token })
    await believed(person, verifier.url, PURPOSE, wallet)
    await believed(person, verifier.url, ID_PURPOSE, citizen)
    // Both of the former decisions still hold; the ID is revoked now.
    assert.deepEqual(await found(person, verifier.url), ['holds', 'holds'])
    const { credentials } = await ids('GET', `/api/applications/${application}`, { token })
    for (const credential of Object.values(credentials)) {
      await ids('POST', `/api/credentials/${credential}/revoke`, { token, body: { reason: 'Asked for by a test' } })
    }
    await online.close()
    await stop(demo)

    await cut(clock(36))
    for (const phone of [wallet, citizen]) Object.assign(phone, { within: inside, env: clock(36) })
    // What the counter has seen itself since is younger than what the phone has of it, and counts.
    const known = await atTheReader()
    for (const text of (await wallet.answer(await asked(known.page))).texts) await scan(known.page, text)
    assert.equal(await known.outcome(), 'accepted')
    // Of whom it has seen nothing, it knows what the phone brings along.
    const dark = await atTheReader(ID_PURPOSE)
    for (const text of (await citizen.answer(await asked(dark.page))).texts) await scan(dark.page, text)
    assert.equal(await dark.outcome(), 'too_old')
    await dark.look('counter-look-too_old')
  })

  step('with the network back, the counter finds by itself what was revoked since, and says so until somebody saw to it', async () => {
    await browser.close()
    await stop(alone)
    demo = await ready(HUIZHENG, headless, before_, { env: { ...process.env, ...clock(37) } })
    const { verifier } = JSON.parse(readFileSync(before_, 'utf8'))
    online = await launch()
    for (const [lang, screen] of [['zh', { width: 1366, height: 768 }], ['en', { width: 390, height: 844 }]]) {
      const person = await Counter.arrive(online, { lang, ...screen }, seen)
      await person.opens({ url: verifier.url, token })
      assert.deepEqual(await found(person, verifier.url), ['fails', 'holds', 'holds', 'holds'])
      await person.look('counter-offline')
      await person.page.goto(verifier.url)
      assert.equal(await person.page.locator('[data-flagged]').getAttribute('data-flagged'), '1')
      await person.look('counter-flagged')
    }
    const person = await Counter.arrive(online, { lang: 'zh', width: 1366, height: 768 }, seen)
    await person.opens({ url: verifier.url, token })
    await person.page.locator('[data-flagged]').click()
    await person.page.getByRole('button', { name: person.say('counter', 'offline.seen_to') }).click()
    await person.page.locator('[data-seen-to]').waitFor()
    await person.page.goto(verifier.url)
    await person.heading(person.say('counter', 'counter.title')).waitFor()
    assert.equal(await person.page.locator('[data-flagged]').count(), 0)
    await online.close()
    await stop(demo)
  })

  step('a licence that has run out looks so', async () => {
    // Ten years and two days later; the licence is for ten years.
    const late = clock(3652 * 24)
    demo = await ready(HUIZHENG, headless, before_, { env: { ...process.env, ...clock(38) } })
    const { chain } = JSON.parse(readFileSync(before_, 'utf8'))
    const holder = new Wallet({ env: clock(38) })
    await holder.init(chain.url)
    const { id, secret } = await licences('POST', '/api/applications', { body: { type: TYPE, claims: CLAIMS } })
    await licences('POST', `/api/applications/${id}/approve`, { token })
    await holder.receive(await licences('GET', `/api/applications/${id}/offer`, { token: secret }))
    await stop(demo)

    demo = await ready(HUIZHENG, headless, before_, { env: { ...process.env, ...late } })
    const { verifier } = JSON.parse(readFileSync(before_, 'utf8'))
    Object.assign(holder, { within: NOWHERE, env: late })
    online = await launch()
    for (const lang of ['zh', 'en']) {
      const person = await Counter.arrive(online, { lang, width: lang === 'en' ? 1024 : 1366, height: 768 }, seen)
      await person.opens({ url: verifier.url, token })
      let answer
      for (let tried = 0; !answer; tried += 1) {
        assert.ok(tried < 600, 'the counter has no new evidence of itself')
        await person.page.goto(verifier.url)
        await person.tile(PURPOSE).locator('[value=codes]').click()
        answer = await holder.answer(await asked(person.page)).catch(() => undefined)
      }
      for (const text of answer.texts) await scan(person.page, text)
      assert.equal(await person.outcome(), 'expired')
      await person.page.evaluate(() => scrollTo(0, 0))
      await person.look('counter-look-expired')
    }
    await online.close()
    await stop(demo)
  })

  step('every page is accessible in both themes, fits a narrow screen and reports no fault', () => assert.deepEqual(seen, []))
})
