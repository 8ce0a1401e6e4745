// A wallet from npm collects by logging in: OpenID4VCI, authorization code with PAR, PKCE and DPoP; copies, notification, renewal.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { clientAuthenticationNone } from '@openid4vc/oauth2'
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { approvedOffer, call, stack } from '../stack.mjs'
import { logIn } from './lib/browser.mjs'
import { callbacksFor } from './lib/callbacks.mjs'
import { didResolver } from './lib/did.mjs'
import { newKey } from './lib/keys.mjs'
import { CLAIMS, CONFIGURATION, TYPE } from './lib/licence.mjs'
import { verifySdJwt } from './lib/sdjwt.mjs'

const CLIENT = 'cn.huizheng.wallet'
const REDIRECT = 'cn.huizheng.wallet:/authorized'

describe('npm wallet ← our issuer, by login', () => {
  test('an offer leads to a login, a code, a token bound to a key, and two copies', async () => {
    const offer = await approvedOffer(TYPE, CLAIMS)
    const dpopKey = newKey('ES256')
    const keys = [newKey('ES256'), newKey('ES256')]
    const callbacks = { ...callbacksFor({ keys: [dpopKey, ...keys] }), clientAuthentication: clientAuthenticationNone({ clientId: CLIENT }) }
    const client = new Openid4vciClient({ callbacks })
    const credentialOffer = await client.resolveCredentialOffer(offer.offer_uri)
    const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
    const dpop = { signer: { method: 'jwk', alg: dpopKey.alg, publicJwk: dpopKey.publicJwk } }
    const begun = await client.initiateAuthorization({
      credentialOffer, issuerMetadata, clientId: CLIENT, redirectUri: REDIRECT, scope: CONFIGURATION, dpop,
    })
    assert.ok(new URL(begun.authorizationRequestUrl).searchParams.get('request_uri'), 'the request was pushed')
    const url = await logIn(begun.authorizationRequestUrl)
    const answer = client.parseAndVerifyAuthorizationResponseRedirectUrl({
      url, authorizationServerMetadata: issuerMetadata.authorizationServers[0],
    })
    assert.equal(answer.iss, offer.issuer.url, 'who answers says so (RFC 9207)')
    const token = await client.retrieveAuthorizationCodeAccessTokenFromOffer({
      credentialOffer, issuerMetadata, authorizationCode: answer.code, pkceCodeVerifier: begun.pkce.codeVerifier,
      redirectUri: REDIRECT, dpop,
    })
    assert.equal(token.accessTokenResponse.token_type, 'DPoP')
    const accessToken = token.accessTokenResponse.access_token
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
    const jwts = await Promise.all(keys.map(async (key) => {
      const signer = { method: 'jwk', alg: key.alg, publicJwk: key.publicJwk }
      const proof = await client.createCredentialRequestJwtProof({ issuerMetadata, credentialConfigurationId: CONFIGURATION, nonce, signer })
      return proof.jwt
    }))
    const { credentialResponse } = await client.retrieveCredentials({
      issuerMetadata, credentialConfigurationId: CONFIGURATION, accessToken, proofs: { jwt: jwts }, dpop: token.dpop ?? dpop,
    })
    const resolve = didResolver(stack.chain.url, 'assertionMethod')
    const copies = await Promise.all(credentialResponse.credentials.map(({ credential }) => verifySdJwt(credential, { resolve })))
    assert.deepEqual(copies.map(({ claims }) => claims.cnf.jwk.x), keys.map((key) => key.publicJwk.x))
    assert.notEqual(copies[0].claims.status.status_list.idx, copies[1].claims.status.status_list.idx)
    assert.equal(copies[0].claims.iat, copies[1].claims.iat)

    await client.sendNotification({
      issuerMetadata, accessToken, dpop: token.dpop ?? dpop,
      notification: { notificationId: credentialResponse.notification_id, event: 'credential_accepted' },
    })
    const seen = await call('GET', `${offer.issuer.url}/api/applications/${offer.id}`, { token: stack.staff_token })
    const record = await call('GET', `${offer.issuer.url}/api/credentials/${seen.credentials[CONFIGURATION]}`, { token: stack.staff_token })
    assert.deepEqual([record.copies, record.notified], [2, ['credential_accepted']])
  })
})
