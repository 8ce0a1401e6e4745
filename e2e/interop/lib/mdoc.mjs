// Our mdocs from a shell: crates/credentials/examples/mdoc.rs.
import { execFileSync } from 'node:child_process'

/**
 * Runs `mdoc make NOW` or `mdoc check` with JSON on its standard input, and gives the JSON it wrote.
 *
 * @param {'make' | 'check'} command
 * @param {number | object} input seconds, or what to check
 */
export function mdoc(command, input) {
  const binary = process.env.HUIZHENG_MDOC
  if (!binary) throw new Error('HUIZHENG_MDOC must name the example `mdoc` of crates/credentials')
  const make = command === 'make'
  const args = make ? [command, String(input)] : [command]
  return JSON.parse(execFileSync(binary, args, { input: make ? '' : JSON.stringify(input), encoding: 'utf8' }))
}
