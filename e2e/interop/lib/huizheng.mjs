// Our own command line, as a person in a terminal would use it.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { required, stack } from '../../stack.mjs'
import { resolveDid } from './did.mjs'
import { jwkFromMultikey, newKey } from './keys.mjs'

const execute = promisify(execFile)

/** Runs `huizheng …` on a data folder and answers what it printed; an exit code other than 0 is an error that quotes it. */
export async function huizheng(data, ...words) {
  const env = { ...process.env, HUIZHENG_DATA: data, HUIZHENG_PIN: '246813' }
  const { stdout } = await execute(required('HUIZHENG'), words, { env, timeout: 60_000 })
  return stdout
}

/** A folder that is deleted by `remove()`. */
export function scratch() {
  const path = mkdtempSync(join(tmpdir(), 'huizheng-interop-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A new wallet of ours in a folder of its own, pinned to the running chain. */
export async function newWallet(folder) {
  const anchor = join(folder, 'anchor.json')
  writeFileSync(anchor, JSON.stringify(stack.chain.anchor))
  const run = (...words) => huizheng(folder, 'wallet', ...words)
  await run('--node', stack.chain.url, '--anchor', anchor, 'init')
  return {
    receive: (offer, txCode) => run('receive', offer, '--tx-code', txCode, '--yes'),
    present: (request) => run('present', request, '--yes'),
    cards: async () => JSON.parse(await run('list', '--json')),
    card: async (id) => JSON.parse(await run('show', id, '--json')),
    log: async () => JSON.parse(await run('log', '--json')),
  }
}

/**
 * A new organisation on the running chain, with one P-256 key that signs credentials and requests.
 *
 * @returns {Promise<{ did: string, kid: string, key: import('./keys.mjs').Key }>}
 */
export async function newOrganisation(folder) {
  const key = newKey('ES256')
  const jwk = join(folder, 'signing.jwk')
  writeFileSync(jwk, JSON.stringify(key.publicJwk))
  const out = await governed('org', 'create', '--assertion-key', jwk, '--out', join(folder, 'organisation'))
  const [did] = out.match(/did:hui:[\w:]+/)
  const { verificationMethod } = await resolveDid(stack.chain.url, did)
  const { id: kid } = verificationMethod.find((method) => jwkFromMultikey(method.publicKeyMultibase).x === key.publicJwk.x)
  return { did, kid, key }
}

/** Has governance accredit an organisation for a credential type. */
export async function accredit({ did }, type, name) {
  await governed('registry', 'accredit', did, type, '--name-zh', name.zh, '--name-en', name.en)
  await nextSecond()
}

/** Has governance register what an organisation may ask; `purpose` has the fields of the record. */
export async function registerPurpose({ did }, folder, purpose) {
  const file = join(folder, `${purpose.purpose}.json`)
  writeFileSync(file, JSON.stringify(purpose))
  await governed('registry', 'register-purpose', file, '--did', did)
  await nextSecond()
}

// Governance signs with the keys in the running system's own folder.
const governed = (...words) => huizheng(required('HUIZHENG_DATA'), ...words)

// The chain counts in milliseconds and credentials in seconds: what was granted within a second holds from the next.
const nextSecond = () => new Promise((resume) => setTimeout(resume, 1000 - (Date.now() % 1000)))
