// A phone's codes: the command's wallet makes them, a camera's clip or a scanner's keys bring them to the counter.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { required } from '../../stack.mjs'

/** The binary that is tested. */
export const HUIZHENG = required('HUIZHENG')
const PIN = '246813'

/** A folder of its own below the system's, which goes when the machine's does. */
export const folder = (name) => mkdtempSync(join(tmpdir(), `hz-${name}-`))

/** The wallet of `huizheng wallet`. `within` runs it elsewhere: `['nsenter', …]`; `env` adds to its environment. */
export class Wallet {
  constructor({ within = [], env = {} } = {}) {
    this.data = folder('wallet')
    this.within = within
    this.env = env
  }

  async run(...args) {
    const [program, ...rest] = [...this.within, HUIZHENG, '--data', this.data, ...args]
    const env = { ...process.env, ...this.env, HUIZHENG_PIN: PIN, HUIZHENG_DATA: this.data }
    const { stdout } = await promisify(execFile)(program, rest, { env, maxBuffer: 16 << 20 })
    return stdout
  }

  init(node) {
    return this.run('wallet', 'init', '--node', node)
  }

  receive({ offer_uri, tx_code }) {
    return this.run('wallet', 'receive', offer_uri, '--tx-code', tx_code, '--yes')
  }

  /** The codes that answer a counter's, each `{ text, svg }`. */
  async answer(asked) {
    const file = join(folder('asked'), 'codes.txt')
    writeFileSync(file, asked)
    const svg = folder('codes')
    const said = await this.run('wallet', 'offline', file, '--yes', '--print')
    const texts = said.split('\n').filter((line) => line.startsWith('HZ1:'))
    return { texts, draw: () => this.run('wallet', 'offline', file, '--yes', '--svg', svg).then(() => drawn(svg)) }
  }
}

const drawn = (svg) =>
  readdirSync(svg)
    .sort((one, other) => parseInt(one) - parseInt(other))
    .map((name) => readFileSync(join(svg, name), 'utf8'))

/** A 720p camera's picture before anybody holds a phone up. */
export const NOTHING = '<p style="color:#555;font:40px sans-serif;margin:200px">…</p>'

/**
 * Writes a clip as a 720p camera would see these codes, each for a third of a second: blurred, grainy, tilted, on a desk.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {string[]} pictures SVG each
 * @param {string} path where to write it, as Motion JPEG
 */
export async function film(browser, pictures, path) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, deviceScaleFactor: 1 })
  const page = await context.newPage()
  const shots = []
  for (const picture of pictures) {
    await page.setContent(`<style>
      * { margin: 0 } body { width: 1280px; height: 720px; overflow: hidden; background: #6b6660; display: grid; place-items: center }
      div { width: 640px; filter: blur(0.7px) contrast(0.85); transform: rotate(1.5deg) } .qr { display: block; width: 100% }
      svg.grain { position: fixed; inset: 0; width: 100%; height: 100%; opacity: 0.3; mix-blend-mode: hard-light }</style>
      <div>${picture}</div>
      <svg class="grain"><filter id="g"><feTurbulence type="fractalNoise" baseFrequency="0.9" numOctaves="2"/></filter><rect width="100%" height="100%" filter="url(#g)"/></svg>`)
    shots.push(await page.screenshot({ type: 'jpeg', quality: 80 }))
  }
  await context.close()
  writeFileSync(path, Buffer.concat(shots.flatMap((shot) => Array(10).fill(shot))))
  return shots
}

/** What a chromium needs to see the clip at `path` as its camera. */
export const cameraOf = (path) => ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${path}`]

const SHIFTED = { $: 'Digit4', '%': 'Digit5', '*': 'Digit8', '+': 'Equal', ':': 'Semicolon' }
const PLAIN = { ' ': 'Space', '-': 'Minus', '.': 'Period', '/': 'Slash' }

/** The key of a letter, as `KeyboardEvent` names it on a US keyboard. */
export const keyOf = (letter) => ({
  code: SHIFTED[letter] ?? PLAIN[letter] ?? (/\d/.test(letter) ? `Digit${letter}` : `Key${letter}`),
  shift: letter in SHIFTED || /[A-Z]/.test(letter),
})

/** Types a code as a hardware scanner does: key by key, as fast as the browser takes them, then Enter. */
export async function scan(page, text) {
  const keys = await page.context().newCDPSession(page)
  const down = (key, code, shift, typed) => keys.send('Input.dispatchKeyEvent', { type: 'keyDown', key, code, text: typed, modifiers: shift ? 8 : 0 })
  const typed = [...text].map((letter) => down(letter, keyOf(letter).code, keyOf(letter).shift, letter))
  await Promise.all([...typed, down('Enter', 'Enter', false, '\r')])
  await keys.detach()
}

/** The counter's codes on the page, as text. */
export async function asked(page) {
  const text = await page.locator('.qr-panel [data-copy]').getAttribute('data-copy')
  assert.match(text, /^HZ1:/)
  return text
}
