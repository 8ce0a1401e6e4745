// Our side, driven by `huizheng vc`: documents, tokens and keys go through files.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs `huizheng vc COMMAND` and gives `{ result, data }`.
 *
 * @param {'issue' | 'present' | 'verify' | 'status'} command
 * @param {{ input: string | object, key: object, feature?: string, issuerKeys?: object[], [option: string]: unknown }} options lists
 *   and objects go as JSON, the issuers' keys as files
 */
export function vc(command, { input, key, issuerKeys = [], ...options }) {
  const folder = mkdtempSync(join(tmpdir(), 'huizheng-vc-'))
  try {
    const file = (name, content) => {
      writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
      return join(folder, name)
    }
    const output = join(folder, 'output.json')
    const args = ['vc', command, '--input', file('input', input), '--key', file('key.json', key), '--output', output]
    for (const [number, issuer] of issuerKeys.entries()) args.push('--issuer-key', file(`issuer-${number}.json`, issuer))
    for (const [name, value] of Object.entries(options)) {
      args.push(`--${name}`, typeof value === 'object' ? JSON.stringify(value) : String(value))
    }
    const { status, stderr, error } = spawnSync(process.env.HUIZHENG, args, { encoding: 'utf8' })
    if (error) throw error
    if (status === 2) throw new Error(stderr)
    return JSON.parse(readFileSync(output, 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
