// Compiles the notary's contract with solc into chain/contracts/Notary.json: its interface and its code.
//
//   node e2e/notary/compile.mjs            writes the file
//   node e2e/notary/compile.mjs --check    fails if the file is not what the contract compiles to
import { readFileSync, writeFileSync } from 'node:fs'
import solc from 'solc'

const at = (name) => new URL(`../../chain/contracts/${name}`, import.meta.url)

const input = {
  language: 'Solidity',
  sources: { 'Notary.sol': { content: readFileSync(at('Notary.sol'), 'utf8') } },
  settings: {
    // The oldest machine among the chains that it is meant for.
    evmVersion: 'paris',
    optimizer: { enabled: true, runs: 200 },
    // Without a digest of the sources in it, equal code has equal bytes.
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.methodIdentifiers'] } },
  },
}
const output = JSON.parse(solc.compile(JSON.stringify(input)))
if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'))
const { abi, evm } = output.contracts['Notary.sol'].Notary
const code = { bytecode: { object: `0x${evm.bytecode.object}` }, methodIdentifiers: evm.methodIdentifiers }
const text = `${JSON.stringify({ abi, ...code }, null, 2)}\n`

if (process.argv.includes('--check')) {
  if (readFileSync(at('Notary.json'), 'utf8') !== text) {
    console.error('chain/contracts/Notary.json is not what Notary.sol compiles to: run node e2e/notary/compile.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(at('Notary.json'), text)
}
