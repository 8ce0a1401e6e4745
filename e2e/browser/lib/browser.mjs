// Debian's chromium, driven by playwright-core, one window for each person of a story.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts the browser: `CHROMIUM` names the executable, Debian's by default. */
export function launch({ args = [], executable = CHROMIUM } = {}) {
  return chromium.launch({ executablePath: executable, args: [...ARGS, ...args] })
}

/** The browser's executable. */
export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** A browser with a profile of its own on the disk, as whoever installs an app has it. */
export function launchAsOwner(profile) {
  return chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: ARGS })
}

/** @typedef {{ lang?: 'zh' | 'en', scheme?: 'light' | 'dark', width?: number, height?: number }} Look */

/**
 * A window of its own (cookies, language, theme). What goes wrong in it is kept in `page.faults`: script errors,
 * console errors (a blocked inline script or style is one), and requests that leave loopback.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {Look} [look]
 */
export async function open(browser, { lang = 'zh', scheme = 'light', width = 1280, height = 900 } = {}) {
  const context = await browser.newContext({
    locale: lang === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    colorScheme: scheme,
    reducedMotion: 'reduce',
    viewport: { width, height },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.faults = []
  page.on('pageerror', (error) => page.faults.push(`script error: ${error.message}`))
  page.on('console', (message) => {
    // A page that says what is wrong comes with an error status; that is no fault of the page.
    const itself = message.text().startsWith('Failed to load resource') && message.location().url === page.url()
    if (message.type() === 'error' && !itself) page.faults.push(`console: ${message.text()} ${message.location().url}`)
  })
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url())
    if (protocol.startsWith('http') && hostname !== '127.0.0.1' && hostname !== 'localhost') {
      page.faults.push(`left loopback: ${request.url()}`)
    }
  })
  return page
}

const folder = process.env.HUIZHENG_SCREENSHOTS

/** Saves what the page shows as `<name>.png`, where `HUIZHENG_SCREENSHOTS` names a folder. */
export async function shoot(page, name, options = {}) {
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), ...options })
}
