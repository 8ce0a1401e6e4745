// What comes after a credential request, by a wallet from npm: deferred issuance and picking up, renewal, notification, encryption.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { call, change, issuerOf, stack } from '../stack.mjs'
import { didResolver } from './lib/did.mjs'
import { newKey } from './lib/keys.mjs'
import { Session, refusedAs } from './lib/login.mjs'
import { sealing } from './lib/sealed.mjs'
import { verifySdJwt } from './lib/sdjwt.mjs'
import { statusOf } from './lib/status.mjs'

const TYPE = 'social-security-card'
const CONFIGURATION = `${TYPE}-sd-jwt`
// The second of the demo's citizens, who has nothing to collect but what is applied for here.
const CITIZEN = 1
const CLAIMS = { name: '王若林', idNumber: '11010519491231002X', cardNumber: 'H87654321', region: '340100' }

const issuer = issuerOf(TYPE)
const resolve = didResolver(stack.chain.url, 'assertionMethod')
const token = stack.staff_token
const staff = (method, path, body) => call(method, `${issuer.url}/api/${path}`, { token, body })
const begin = (how = {}) => Session.begin({ issuer: issuer.url, configurationId: CONFIGURATION, citizen: CITIZEN, ...how })

const applied = async () => {
  const { id } = await call('POST', `${issuer.url}/api/applications`, { body: { type: TYPE, claims: CLAIMS } })
  return { id, issuer }
}
/** The record of what was issued on an application. */
const issued = async ({ id }) => {
  const { credentials } = await staff('GET', `applications/${id}`)
  return staff('GET', `credentials/${credentials[CONFIGURATION]}`)
}
const verified = async (credential) => (await verifySdJwt(credential, { resolve })).claims

describe('npm wallet ← our issuer, later', () => {
  let session, seal, application, first

  test('what was rejected is refused for good', async () => {
    const { id } = await applied()
    const asking = await begin()
    const { transaction_id: transaction } = await asking.ask([newKey('ES256')])
    await staff('POST', `applications/${id}/reject`, { reason: '材料不全' })
    await assert.rejects(asking.pickUp(transaction), refusedAs('credential_request_denied'))
  })

  test('what a clerk still decides is promised, asked for again, and picked up when it is approved; encrypted both ways', async () => {
    const metadata = await (await fetch(`${issuer.url}/.well-known/openid-credential-issuer`)).json()
    seal = sealing(metadata.credential_request_encryption.jwks.keys[0])
    const encrypted = seal.payload('A256GCM')
    application = await applied()
    session = await begin({ fetch: seal.fetch })
    const key = newKey('ES256')
    const promised = await session.ask([key], encrypted)
    assert.equal(promised.credentials, undefined)
    assert.ok(promised.transaction_id && promised.interval > 0, JSON.stringify(promised))
    const early = await session.pickUp(promised.transaction_id, encrypted)
    assert.deepEqual([early.credentials, early.transaction_id], [undefined, promised.transaction_id])

    await staff('POST', `applications/${application.id}/approve`)
    // A wallet that comes back days later has a refresh token alone.
    await session.comeBack()
    await assert.rejects(session.pickUp('of-nobody'), refusedAs('invalid_transaction_id'))
    const picked = await session.pickUp(promised.transaction_id, encrypted)
    first = await verified(picked.credentials[0].credential)
    assert.equal(first.cnf.jwk.x, key.publicJwk.x)
    for (const [name, value] of Object.entries(CLAIMS)) assert.deepEqual(first[name], value, name)
    await assert.rejects(session.pickUp(promised.transaction_id), refusedAs('invalid_transaction_id'))
    assert.deepEqual(seal.seen.map(({ alg, enc }) => `${alg} ${enc}`), Array(3).fill('ECDH-ES A256GCM'))

    await session.notify(picked.notification_id, 'credential_accepted')
    assert.deepEqual((await issued(application)).notified, ['credential_accepted'])
    await assert.rejects(session.notify('of-nobody', 'credential_accepted'), refusedAs('invalid_notification_id'))
  })

  test('it is renewed with the key that the wallet showed, and the one before gives way; with another key it is not', async () => {
    await assert.rejects(session.comeBack({ key: newKey('ES256') }), refusedAs('invalid_grant'))
    await session.comeBack()
    const keys = [newKey('ES256'), newKey('EdDSA'), newKey('ES256')]
    const renewed = await session.ask(keys, seal.payload('A128GCM'))
    assert.equal(seal.seen.at(-1).enc, 'A128GCM')
    const copies = await Promise.all(renewed.credentials.map(({ credential }) => verified(credential)))
    assert.deepEqual(copies.map(({ cnf }) => cnf.jwk.x), keys.map(({ publicJwk }) => publicJwk.x), 'a copy for each key')
    const places = copies.map(({ status }) => status.status_list.idx)
    assert.equal(new Set([...places, first.status.status_list.idx]).size, 4, 'each at a place of its own')
    const statuses = () => Promise.all(copies.map(({ status }) => statusOf(status.status_list, resolve)))
    assert.deepEqual(await statuses(), [0, 0, 0])
    assert.equal(await statusOf(first.status.status_list, resolve), 1)
    assert.equal((await issued(application)).copies, 3)
    // What is done to the credential is done to every copy.
    await change(application, 'revoke')
    assert.deepEqual(await statuses(), [1, 1, 1])
  })
})
