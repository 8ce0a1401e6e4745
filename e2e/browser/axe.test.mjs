// The checker itself: a page with a known fault is found, the same page without it passes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violationsOf } from './lib/axe.mjs'
import { launch, open } from './lib/browser.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser?.close())

const html = (body) => `<!doctype html><html lang="en"><title>t</title><main><h1>t</h1>${body}</main></html>`

test('a field without a label is found', async () => {
  const page = await open(browser)
  await page.setContent(html('<input>'))
  assert.match((await violationsOf(page)).join('\n'), /^label:/)
})

test('text too pale to read is found', async () => {
  const page = await open(browser)
  await page.setContent(html('<p style="color:#bbb;background:#fff">pale</p>'))
  assert.match((await violationsOf(page)).join('\n'), /^color-contrast:/)
})

test('a sound page passes', async () => {
  const page = await open(browser)
  await page.setContent(html('<label>name <input></label>'))
  assert.deepEqual(await violationsOf(page), [])
  assert.deepEqual(page.faults, [])
})
