// axe-core in the page as it is. Evaluated by the browser's debugger, so the page's own script policy stays on.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
// What the pages are held to: WCAG 2.2, levels A and AA, whatever axe thinks of how grave a violation is.
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

// The rules that look at colours: of all of them only these can say something else in another theme.
const COLOURS = ['color-contrast', 'link-in-text-block']

/**
 * The violations of WCAG A and AA on a page, a line each: rule, what it wants, where.
 *
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>}
 */
export function violationsOf(page) {
  return run(page, { type: 'tag', values: RULES })
}

/** The same by the rules of colours alone, for a page that was looked at in another theme. */
export function coloursOf(page) {
  return run(page, { type: 'rule', values: COLOURS })
}

async function run(page, runOnly) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(SOURCE)
  const { violations } = await page.evaluate((only) => globalThis.axe.run(document, { runOnly: only, resultTypes: ['violations'] }), runOnly)
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, html }) => `${id}: ${help}: ${target.join(' ')} ${html.slice(0, 120)}`))
}
