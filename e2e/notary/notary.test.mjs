// A block of our chain, written down on an EVM chain and checked against it: anvil's node, the contract, the command.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const urls = JSON.parse(readFileSync(process.env.HUIZHENG_URLS, 'utf8'))
const huizheng = process.env.HUIZHENG_EVM
const folder = mkdtempSync(join(tmpdir(), 'notary-'))
const at = (name) => join(folder, name)

// The first two accounts of every anvil chain: known to all, worth nothing.
const KEY = 'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const NOTARY = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
const STRANGER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

let anvil, rpc, contract

async function run(...args) {
  try {
    const { stdout } = await promisify(execFile)(huizheng, ['chain', '--node', urls.chain.url, '--anchor', at('anchor'), ...args])
    return { code: 0, stdout, stderr: '' }
  } catch ({ code, stdout, stderr }) {
    return { code, stdout, stderr }
  }
}

const book = (where = contract) => ['--rpc', rpc, '--contract', where]
const write = () => run('notarise', ...book(), '--key', at('key'))
const verify = (...more) => run('verify-anchor', ...book(), '--notary', NOTARY, ...more)

before(async () => {
  writeFileSync(at('key'), KEY)
  writeFileSync(at('anchor'), JSON.stringify(urls.chain.anchor))
  // Its package for Linux on x86-64 by name: a lock file without registries' addresses can't list the others.
  const program = fileURLToPath(new URL('../node_modules/.bin/anvil', import.meta.url))
  anvil = spawn(program, ['--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  rpc = await new Promise((resolve, reject) => {
    let said = ''
    anvil.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${said}`)))
    anvil.stdout.on('data', (data) => {
      said += data
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]
      if (port) resolve(`http://127.0.0.1:${port}`)
    })
  })
  const deployed = await run('deploy-notary', '--rpc', rpc, '--key', at('key'))
  assert.equal(deployed.code, 0, deployed.stderr)
  contract = deployed.stdout.trim()
  assert.match(contract, /^0x[0-9a-fA-F]{40}$/)
})

after(() => {
  anvil?.kill()
  rmSync(folder, { recursive: true, force: true })
})

test('an empty book verifies nothing', async () => {
  const { code, stderr } = await verify()
  assert.equal(code, 1)
  assert.match(stderr, /nothing about this chain/)
})

test('the newest block is written down, verified, and not written twice', async () => {
  const written = await write()
  assert.equal(written.code, 0, written.stderr)
  const height = /written block (\d+)/.exec(written.stdout)[1]
  const verified = await verify()
  assert.equal(verified.code, 0, verified.stderr)
  assert.match(verified.stdout, new RegExp(`verified block ${height} is the one`))
  assert.match((await write()).stdout, /written down already|written block/)
})

test('a height that is not in the book is said to be missing', async () => {
  const { code, stderr } = await verify('--height', '1')
  assert.equal(code, 1)
  assert.match(stderr, /nothing for height 1/)
})

test('a book of somebody else is another book', async () => {
  const { code, stderr } = await run('verify-anchor', ...book(), '--notary', STRANGER)
  assert.equal(code, 1)
  assert.match(stderr, /nothing about this chain/)
})

test('an address without a contract is told from an empty book', async () => {
  const { code, stderr } = await run('verify-anchor', ...book(STRANGER), '--notary', NOTARY)
  assert.equal(code, 1)
  assert.match(stderr, /no notary contract/)
})

test('a chain that shows another block than the book has is found out', async () => {
  // The same book, read for a height at which somebody with the key wrote another block.
  const { chainId } = urls.chain.anchor
  const { height } = await (await fetch(`${urls.chain.url}/v1/head`)).json()
  const later = height + 1
  await callNotarise(chainId, later, 'ab'.repeat(32))
  let reached = height
  while (reached < later) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    reached = (await (await fetch(`${urls.chain.url}/v1/head`)).json()).height
  }
  const { code, stderr } = await verify('--height', String(later))
  assert.equal(code, 1)
  assert.match(stderr, /one of the two histories is false/)
})

test('a node that is away is said to be away', async () => {
  const { code, stderr } = await run('verify-anchor', '--rpc', 'http://127.0.0.1:9', '--contract', contract, '--notary', NOTARY)
  assert.equal(code, 1)
  assert.match(stderr, /can't be reached/)
})

/** Writes any block into the book, as its owner's key could: anvil signs for its own accounts. */
async function callNotarise(chain, height, block) {
  const { methodIdentifiers } = JSON.parse(readFileSync(new URL('../../chain/contracts/Notary.json', import.meta.url)))
  const word = (text) => text.padStart(64, '0')
  const data = `0x${methodIdentifiers['notarise(bytes32,uint64,bytes32)']}${chain}${word(height.toString(16))}${block}`
  const body = { jsonrpc: '2.0', id: 1, method: 'eth_sendTransaction', params: [{ from: NOTARY, to: contract, data, gas: '0x100000' }] }
  const answer = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const { error } = await answer.json()
  assert.equal(error, undefined)
}
