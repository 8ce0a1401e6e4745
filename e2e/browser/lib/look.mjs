// What is looked at on every page a story comes by: accessibility in both themes, width, language, faults; and a picture.
import { coloursOf, violationsOf } from './axe.mjs'
import { shoot } from './browser.mjs'

/** The narrowest screen that must do without scrolling sideways (WCAG 2.2, 1.4.10), in CSS pixels. */
const NARROW = 320

/**
 * Checks the page as it stands, saves a picture in each theme, and answers all that is wrong, a line each.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name what the page is, for the pictures and for whoever reads a failure
 * @returns {Promise<string[]>}
 */
export async function look(page, name) {
  const wrong = []
  for (const [scheme, violations] of [['light', violationsOf], ['dark', coloursOf]]) {
    await page.emulateMedia({ colorScheme: scheme })
    for (const line of await violations(page)) wrong.push(`${scheme}: ${line}`)
    await shoot(page, `${name}-${await page.locator('html').getAttribute('lang')}-${scheme}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
  wrong.push(...(await sideways(page)), ...page.faults.splice(0))
  return wrong.map((line) => `${name} (${new URL(page.url()).pathname}): ${line}`)
}

// Whether a narrow screen would have to scroll sideways, and what sticks out.
async function sideways(page) {
  const size = page.viewportSize()
  await page.setViewportSize({ width: NARROW, height: size.height })
  const found = await page.evaluate(() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    const out = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > width + 1)
    return out.slice(0, 3).map((element) => `sticks out at ${width} px: ${element.outerHTML.slice(0, 120)}`)
  })
  await page.setViewportSize(size)
  return found
}
