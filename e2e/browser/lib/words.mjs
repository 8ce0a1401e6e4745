// The words that people see, from the catalogues the pages are made of, so that a reworded button breaks no test.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const CATALOGUES = {
  shared: 'crates/service/strings',
  issuer: 'issuer/locales',
  counter: 'verifier/strings',
  phone: 'cli/strings',
  explorer: 'chain/strings',
}

/**
 * The words of one language: `say('issuer', 'apply.submit')`, with `{names}` filled in from `values`.
 *
 * @param {'zh' | 'en'} lang
 * @returns {(part: keyof typeof CATALOGUES, key: string, values?: Record<string, string>) => string}
 */
export function wordsOf(lang) {
  const read = (folder) => parse(readFileSync(new URL(`../../../${folder}/${lang}.toml`, import.meta.url), 'utf8'))
  const catalogues = Object.fromEntries(Object.entries(CATALOGUES).map(([part, folder]) => [part, read(folder)]))
  return (part, key, values = {}) => {
    const text = catalogues[part].get(key)
    assert.ok(text !== undefined, `${part} has no ${key} in ${lang}`)
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole)
  }
}

// The catalogues are TOML of the plainest kind: sections, and one text a line.
function parse(toml) {
  const texts = new Map()
  let section = ''
  for (const line of toml.split('\n')) {
    const head = line.match(/^\[([\w-]+)\]$/)
    const entry = line.match(/^([\w-]+) = (".*")$/)
    if (head) section = head[1]
    else if (entry) texts.set(`${section}.${entry[1]}`, JSON.parse(entry[2]))
  }
  return texts
}
