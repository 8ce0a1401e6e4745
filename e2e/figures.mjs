// Reads what `huizheng bench` prints and fails where a figure is missing or is none: a figure that nobody sees is lost unnoticed.
import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'

const mechanisms = [
  'eddsa-jcs-2022',
  'eddsa-rdfc-2022',
  'ecdsa-rdfc-2019',
  'ecdsa-sd-2023',
  'bbs-2023',
  'sd-jwt-kb-es256',
  'sd-jwt-kb-eddsa',
  'vc-jwt',
  'mdoc',
  'sm2-jcs-2026',
]
const named = {
  credentials: [
    ...mechanisms.flatMap((mechanism) => [`issue/${mechanism}`, `present/${mechanism}`, `verify/${mechanism}`]),
    ...['ecdsa-sd-2023', 'bbs-2023'].map((mechanism) => `derive/${mechanism}`),
  ],
  chain: [
    ...['solo/tx_per_s', 'network4/tx_per_s', 'network4/final_p50_ms', 'network4/final_p99_ms'],
    ...['network4/dead_proposer_turn_ms', 'evidence/bytes', 'evidence/verify', 'catch_up/blocks_per_s'],
    ...['node/rss_mb', 'disk/bytes_per_tx'],
  ],
  wallet: [
    ...['open', 'page', 'match'].flatMap((figure) => [`${figure}/10_ms`, `${figure}/1000_ms`]),
    ...['present_ms', 'offline_qr/bytes', 'offline_qr/frames'],
  ],
  issuer: ['issuance/http_per_s', 'issuance/p99_ms', 'bulk/per_s', 'revocation/visible_p99_ms'],
  verifier: [
    ...['presentation/http_per_s', 'decision/p99_ms', 'decision/library_per_s', 'batch/per_s', 'offline/decision_ms'],
    ...['qr/id3/bytes', 'qr/id3/frames', 'qr/licence_mandate/frames', 'page/scan_to_decision_ms'],
  ],
}

const found = new Map()
for await (const line of createInterface({ input: process.stdin })) {
  const { name, value, unit, floor, ratio } = JSON.parse(line)
  console.log(line)
  assert.ok(unit && [value, floor, ratio].every(Number.isFinite), `not a figure beside its floor: ${line}`)
  found.set(name, value)
}
const missing = Object.values(named).flat().filter((name) => !(found.get(name) > 0))
assert.deepEqual(missing, [], 'figures that were not printed, or are nothing')
