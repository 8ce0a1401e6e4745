// A wallet from npm whose provider vouches for it and for its keys, at an issuer that asks for both: HAIP 1.0 §4.4, §4.5.1; the
// provider is one that governance accredits on the chain.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { clientAuthenticationAnonymous, clientAuthenticationClientAttestationJwt, createClientAttestationJwt } from '@openid4vc/oauth2'
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { SignJWT } from 'jose'
import { call, stack } from '../stack.mjs'
import { callbacksFor } from './lib/callbacks.mjs'
import { didResolver } from './lib/did.mjs'
import { accredit, newOrganisation, scratch } from './lib/huizheng.mjs'
import { newKey } from './lib/keys.mjs'
import { CLAIMS, CONFIGURATION, TYPE } from './lib/licence.mjs'
import { refusedAs } from './lib/login.mjs'
import { startIssuer } from './lib/process.mjs'
import { verifySdJwt } from './lib/sdjwt.mjs'

const CLIENT = 'example.wallet'
const WALLET_PROVIDER = 'wallet-attestation'
const soon = () => new Date(Date.now() + 600_000)

describe('npm wallet with attestations ← our issuer that asks for them', () => {
  const folders = []
  const folder = () => {
    folders.push(scratch())
    return folders.at(-1).path
  }
  let issuer, provider, stranger

  before(async () => {
    issuer = await startIssuer(folder(), { credentialTypes: [TYPE], policy: { wallet_attestation: true, key_attestation: true } })
    await accredit(issuer, TYPE, { zh: '示例市市场监督管理局', en: 'Example Market Supervision Administration' })
    provider = await newOrganisation(folder())
    await accredit(provider, WALLET_PROVIDER, { zh: '示例钱包', en: 'Example wallet' })
    stranger = await newOrganisation(folder())
  })
  after(async () => {
    await issuer?.stop()
    for (const one of folders) one.remove()
  })

  const offered = async () => {
    const { id, secret } = await call('POST', `${issuer.url}/api/applications`, { body: { type: TYPE, claims: CLAIMS } })
    await call('POST', `${issuer.url}/api/applications/${id}/approve`, { token: issuer.token })
    return call('GET', `${issuer.url}/api/applications/${id}/offer`, { token: secret })
  }

  /** A wallet that shows an attestation of itself by `by`, about `instance`; the proof is by `signs`. */
  const walletBy = async (by, { keys = [], instance = newKey('ES256'), signs = instance, attested = true } = {}) => {
    const callbacks = callbacksFor({ keys: [...keys, instance] })
    const clientAttestationJwt = await createClientAttestationJwt({
      callbacks: callbacksFor({ dids: { [by.kid]: by.key } }),
      clientId: CLIENT, issuer: by.did, expiresAt: soon(), confirmation: { jwk: instance.publicJwk },
      signer: { method: 'did', didUrl: by.kid, alg: by.key.alg },
    })
    // A thief has the attestation, and not the key.
    const proving = { ...callbacks, signJwt: (signer, jwt) => callbacksFor({ keys: [signs] }).signJwt({ ...signer, publicJwk: signs.publicJwk }, jwt) }
    const clientAuthentication = attested
      ? clientAuthenticationClientAttestationJwt({ clientAttestationJwt, callbacks: signs === instance ? callbacks : proving })
      : clientAuthenticationAnonymous()
    return new Openid4vciClient({ callbacks: { ...callbacks, clientAuthentication } })
  }

  const redeem = async (client, { offer_uri, tx_code }) => {
    const credentialOffer = await client.resolveCredentialOffer(offer_uri)
    const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
    const { accessTokenResponse } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({ credentialOffer, issuerMetadata, txCode: tx_code })
    return { issuerMetadata, accessToken: accessTokenResponse.access_token }
  }

  // Written with jose: the library still names the type as before 1.0.
  const vouch = (by, keys, nonce) =>
    new SignJWT({ attested_keys: keys.map(({ publicJwk }) => publicJwk), ...(nonce && { nonce }) })
      .setProtectedHeader({ alg: by.key.alg, typ: 'key-attestation+jwt', kid: by.kid }).setIssuedAt().setExpirationTime(soon())
      .sign(by.key.privateKey)

  const ask = async (client, { issuerMetadata, accessToken }, proofs) => {
    const { credentialResponse } = await client.retrieveCredentials({ issuerMetadata, credentialConfigurationId: CONFIGURATION, accessToken, proofs })
    return credentialResponse
  }
  const proofOf = async (client, issuerMetadata, key, keyAttestationJwt) => {
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
    // The library makes no proof that the metadata rules out.
    if (!keyAttestationJwt) {
      return new SignJWT({ nonce }).setProtectedHeader({ alg: key.alg, typ: 'openid4vci-proof+jwt', jwk: key.publicJwk })
        .setAudience(issuer.url).setIssuedAt().sign(key.privateKey)
    }
    const signer = { method: 'jwk', alg: key.alg, publicJwk: key.publicJwk }
    const made = await client.createCredentialRequestJwtProof({
      issuerMetadata, credentialConfigurationId: CONFIGURATION, nonce, signer, keyAttestationJwt,
    })
    return made.jwt
  }
  const boundTo = async ({ credentials }) => {
    const resolve = didResolver(stack.chain.url, 'assertionMethod')
    const copies = await Promise.all(credentials.map(({ credential }) => verifySdJwt(credential, { resolve })))
    assert.ok(copies.every(({ claims }) => claims.iss === issuer.did))
    return copies.map(({ claims }) => claims.cnf.jwk.x)
  }

  test('the metadata says so', async () => {
    const read = async (name) => (await fetch(`${issuer.url}/.well-known/${name}`)).json()
    const server = await read('oauth-authorization-server')
    assert.ok(server.token_endpoint_auth_methods_supported.includes('attest_jwt_client_auth'), JSON.stringify(server))
    const { credential_configurations_supported: all } = await read('openid-credential-issuer')
    assert.ok(all[CONFIGURATION].proof_types_supported.jwt.key_attestations_required)
  })

  test('an attested wallet gets a copy for each key that its provider vouches for, by one proof', async () => {
    const keys = [newKey('ES256'), newKey('ES256'), newKey('ES256')]
    const client = await walletBy(provider, { keys })
    const token = await redeem(client, await offered())
    const proof = await proofOf(client, token.issuerMetadata, keys[1], await vouch(provider, keys))
    const bound = await boundTo(await ask(client, token, { jwt: [proof] }))
    assert.deepEqual(bound.toSorted(), keys.map(({ publicJwk }) => publicJwk.x).sort())
  })

  test('the provider’s attestation with our nonce is a proof by itself', async () => {
    const keys = [newKey('ES256'), newKey('ES256')]
    const client = await walletBy(provider, { keys })
    const token = await redeem(client, await offered())
    const { c_nonce: nonce } = await client.requestNonce(token)
    const attestation = await vouch(provider, keys, nonce)
    const bound = await boundTo(await ask(client, token, { attestation: [attestation] }))
    assert.deepEqual(bound, keys.map(({ publicJwk }) => publicJwk.x))
    await assert.rejects(ask(client, token, { attestation: [attestation] }), refusedAs('invalid_nonce'))
  })

  for (const [flaw, wallet] of [
    ['without an attestation', () => walletBy(provider, { attested: false })],
    ['whose provider nobody accredited', () => walletBy(stranger)],
    ['that shows the attestation of another', () => walletBy(provider, { signs: newKey('ES256') })],
  ]) {
    test(`a wallet ${flaw} gets no token, and the offer stays`, async () => {
      const offer = await offered()
      await assert.rejects(redeem(await wallet(), offer), refusedAs('invalid_client'))
      await redeem(await walletBy(provider), offer)
    })
  }

  for (const [flaw, attestation] of [
    ['that nobody vouches for', () => undefined],
    ['that a stranger vouches for', (keys) => vouch(stranger, keys)],
  ]) {
    test(`a key ${flaw} gets no credential`, async () => {
      const key = newKey('ES256')
      const client = await walletBy(provider, { keys: [key] })
      const token = await redeem(client, await offered())
      const proof = await proofOf(client, token.issuerMetadata, key, await attestation([key]))
      await assert.rejects(ask(client, token, { jwt: [proof] }), refusedAs('invalid_proof'))
    })
  }
})
