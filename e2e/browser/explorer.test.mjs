// The chain's explorer: every page in both languages and themes, live while blocks come, and whole without scripts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CLAIMS, CONFIGURATION, TYPE } from '../interop/lib/licence.mjs'
import { receive } from '../interop/lib/wallet.mjs'
import { approvedOffer, change, issuerOf, stack } from '../stack.mjs'
import { launch, open } from './lib/browser.mjs'
import { look } from './lib/look.mjs'
import { wordsOf } from './lib/words.mjs'

const base = stack.chain.url
const issuer = issuerOf(TYPE)
const PATHS = {
  overview: '/',
  blocks: '/blocks',
  block: '/blocks/3',
  transaction: '/blocks/3/0',
  organisations: '/organisations',
  issuer: `/organisations/${issuer.did}`,
  verifier: `/organisations/${stack.verifier.did}`,
  types: '/types',
  type: `/types/${TYPE}`,
  verifiers: '/verifiers',
  lists: '/status-lists',
  record: `/records/trust/${issuer.did}/${TYPE}`,
  search: '/search?q=nobody-is-called-so',
  interface: '/docs',
}

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

for (const lang of ['zh', 'en']) {
  test(`every page can be read by everybody (${lang})`, async () => {
    const page = await open(browser, { lang })
    const wrong = []
    for (const [name, path] of Object.entries(PATHS)) {
      const answer = await page.goto(base + path)
      assert.equal(answer.status(), 200, path)
      wrong.push(...(await look(page, `explorer-${name}`)))
    }
    assert.deepEqual(wrong, [])
  })
}

test('from the name of an organisation to the evidence of its accreditation', async () => {
  const say = wordsOf('en')
  const page = await open(browser, { lang: 'en', width: 390, height: 844 })
  await page.goto(base)
  await page.getByRole('searchbox').fill(issuer.name.en.slice(0, 12))
  await page.getByRole('button', { name: say('explorer', 'search.button') }).click()
  await page.getByRole('heading', { level: 1, name: issuer.name.en }).waitFor()
  await page.locator('#issues').getByRole('link', { name: say('explorer', 'record.link') }).first().click()
  await page.getByRole('heading', { name: say('explorer', 'record.evidence'), exact: true }).waitFor()
  const shown = await page.locator('[data-copy]').last().getAttribute('data-copy')
  assert.match(shown, /^[\w-]{300,}$/, 'evidence to copy')
  assert.deepEqual(page.faults, [])
})

test('a revocation shows by itself, as a number and never as a person', async () => {
  const say = wordsOf('en')
  const offer = await approvedOffer(TYPE, CLAIMS)
  await receive({ offer: offer.offer_uri, txCode: offer.tx_code, configurationId: CONFIGURATION })
  const page = await open(browser, { lang: 'en' })
  const listening = page.waitForRequest(`${base}/v1/events`)
  await page.goto(base)
  await listening
  await change(offer, 'revoke')
  await page.getByText(`1 ${say('explorer', 'status.revoked')}`).first().waitFor()
  const text = await page.locator('main').innerText()
  for (const claim of ['name', 'creditCode', 'legalRepresentative', 'address', 'licenceIdentifier']) {
    assert.ok(!text.includes(CLAIMS[claim]), `the company's ${claim} is on the chain's pages`)
  }
  assert.deepEqual(page.faults, [])
})

test('without scripts every link leads on', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(base)
  const links = await page.locator('main a[href^="/"], nav a[href^="/"]').evaluateAll((all) => [...new Set(all.map((a) => a.href))])
  assert.ok(links.length > 10)
  for (const link of links) {
    const answer = await page.request.get(link, { headers: { accept: 'text/html' } })
    assert.equal(answer.status(), 200, link)
  }
  await context.close()
})
