// A wallet that asks by logging in, made of @openid4vc/openid4vci: PAR, PKCE, and tokens bound to a key that it shows (DPoP).
import assert from 'node:assert/strict'
import { Oauth2Client, clientAuthenticationNone, resourceRequest } from '@openid4vc/oauth2'
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { logIn } from './browser.mjs'
import { callbacksFor } from './callbacks.mjs'
import { newKey } from './keys.mjs'

export const CLIENT = 'cn.huizheng.wallet'
export const REDIRECT = 'cn.huizheng.wallet:/authorized'

/** A wallet at one issuer, with the tokens that it was given there. */
export class Session {
  /**
   * Begins by itself, without an offer: one of the demo's citizens logs in and agrees.
   *
   * @param {{ issuer: string, configurationId: string, citizen?: number, fetch?: typeof fetch }} options
   */
  static async begin({ issuer, configurationId, citizen = 0, fetch }) {
    const session = new Session()
    const dpopKey = newKey('ES256')
    session.keys = [dpopKey]
    session.callbacks = {
      ...callbacksFor({ keys: session.keys }),
      clientAuthentication: clientAuthenticationNone({ clientId: CLIENT }),
      ...(fetch && { fetch }),
    }
    session.client = new Openid4vciClient({ callbacks: session.callbacks })
    session.configurationId = configurationId
    session.issuerMetadata = await session.client.resolveIssuerMetadata(issuer)
    session.dpop = { signer: { method: 'jwk', alg: dpopKey.alg, publicJwk: dpopKey.publicJwk } }
    const [authorizationServerMetadata] = session.issuerMetadata.authorizationServers
    session.server = authorizationServerMetadata
    session.oauth = new Oauth2Client({ callbacks: session.callbacks })
    const begun = await session.oauth.initiateAuthorization({
      authorizationServerMetadata, clientId: CLIENT, redirectUri: REDIRECT, scope: configurationId, dpop: session.dpop,
    })
    const url = await logIn(begun.authorizationRequestUrl, citizen)
    const { code } = session.client.parseAndVerifyAuthorizationResponseRedirectUrl({ url, authorizationServerMetadata })
    assert.ok(code, `there is no code in ${url}`)
    session.#took(await session.oauth.retrieveAuthorizationCodeAccessToken({
      authorizationServerMetadata, authorizationCode: code, pkceCodeVerifier: begun.pkce.codeVerifier, redirectUri: REDIRECT, dpop: session.dpop,
    }))
    return session
  }

  /** Comes back with the refresh token, by the same key or by another. */
  async comeBack({ key } = {}) {
    if (key) this.keys.push(key)
    const dpop = key ? { signer: { method: 'jwk', alg: key.alg, publicJwk: key.publicJwk } } : this.dpop
    this.#took(await this.oauth.retrieveRefreshTokenAccessToken({
      authorizationServerMetadata: this.server, refreshToken: this.refreshToken, dpop,
    }))
  }

  /**
   * Asks for a credential, a copy for each key.
   *
   * @param {import('./keys.mjs').Key[]} keys
   * @returns {Promise<object>} the response: `credentials`, or `transaction_id`
   */
  async ask(keys, additionalRequestPayload) {
    this.keys.push(...keys)
    const { issuerMetadata, configurationId, client } = this
    const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
    const proof = async ({ alg, publicJwk }) => {
      const signer = { method: 'jwk', alg, publicJwk }
      return (await client.createCredentialRequestJwtProof({ issuerMetadata, credentialConfigurationId: configurationId, nonce, signer })).jwt
    }
    const { credentialResponse } = await client.retrieveCredentials({
      issuerMetadata, credentialConfigurationId: configurationId, accessToken: this.accessToken, dpop: this.dpop,
      proofs: { jwt: await Promise.all(keys.map(proof)) }, additionalRequestPayload,
    })
    return credentialResponse
  }

  /**
   * Asks for what takes time. The library's own call refuses a `notification_id` beside `credentials`, which OpenID4VCI 1.0 §9.2 has
   * there: so this is its request to a protected resource, and the answer as it is.
   *
   * @returns {Promise<object>} `credentials`, or the same `transaction_id`
   */
  async pickUp(transactionId, additionalRequestPayload) {
    const { deferred_credential_endpoint: url } = this.issuerMetadata.credentialIssuer
    const body = JSON.stringify({ transaction_id: transactionId, ...additionalRequestPayload })
    const { response } = await resourceRequest({
      url, dpop: this.dpop, accessToken: this.accessToken, callbacks: this.callbacks,
      requestOptions: { method: 'POST', headers: { 'content-type': 'application/json' }, body },
    })
    const answer = await response.json()
    if (!response.ok) throw Object.assign(new Error(`the issuer refuses: ${response.status}`), { errorResponse: answer })
    return answer
  }

  /** Says what became of a credential. @param {'credential_accepted' | 'credential_failure' | 'credential_deleted'} event */
  notify(notificationId, event) {
    return this.client.sendNotification({
      issuerMetadata: this.issuerMetadata, accessToken: this.accessToken, dpop: this.dpop, notification: { notificationId, event },
    })
  }

  #took({ accessTokenResponse, dpop }) {
    assert.equal(accessTokenResponse.token_type, 'DPoP')
    this.accessToken = accessTokenResponse.access_token
    this.refreshToken = accessTokenResponse.refresh_token ?? this.refreshToken
    if (dpop) this.dpop = dpop
  }
}

/** Whether an error is the issuer's refusal by this OAuth code. */
export const refusedAs = (code) => (error) => {
  const said = error.response?.credentialErrorResponseResult?.data ?? error.response?.notificationErrorResponseResult?.data ?? error.errorResponse
  assert.equal(said?.error, code, error.stack)
  return true
}
