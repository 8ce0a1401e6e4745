// SM2 with SM3 against a second implementation, both ways (docs/profiles/sm2.md). What we made is read from the credentials
// crate's tests, which make it anew on every run; what is made here stands beside it, and is verified there.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { EXAMPLE, didKey, isSecured, isSigned, sdJwt, secure } from './lib/sm2.mjs'

const data = (name) => readFileSync(new URL(`../../crates/credentials/tests/it/data/${name}`, import.meta.url), 'utf8').trim()
const ours = () => JSON.parse(data('sm2-jcs-2026-ours.json'))

describe('SM2 with SM3', () => {
  test('ours verifies there', () => {
    assert.equal(ours().issuer, didKey(EXAMPLE.public))
    assert.ok(isSecured(ours()))
    assert.ok(isSigned(data('sm2-sd-jwt-ours.txt')))
  })

  test('ours, changed or under another user id, does not', () => {
    const changed = ours()
    changed.credentialSubject.name += ' '
    assert.ok(!isSecured(changed))
    assert.ok(!isSecured(ours(), 'ALICE123@YAHOO.COM'))
    assert.ok(!isSecured(ours(), ''))
  })

  test('theirs is made the way of those that are verified here', () => {
    const { proof, ...document } = ours()
    const theirs = secure(document, proof.created)
    assert.ok(isSecured(theirs))
    const committed = JSON.parse(data('sm2-jcs-2026-theirs.json'))
    delete theirs.proof.proofValue
    const value = committed.proof.proofValue
    delete committed.proof.proofValue
    assert.deepEqual(committed, theirs)
    assert.ok(isSecured({ ...committed, proof: { ...committed.proof, proofValue: value } }))
    assert.ok(isSigned(sdJwt({ vct: 'urn:example:licence:1', iss: didKey(EXAMPLE.public) })))
    assert.ok(isSigned(data('sm2-sd-jwt-theirs.txt')))
  })
})
