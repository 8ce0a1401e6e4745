// A credential issuer made of @openid4vc/openid4vci, @openid4vc/oauth2 and @sd-jwt/core: pre-authorized code with tx_code.
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { Oauth2AuthorizationServer, Oauth2ResourceServer, preAuthorizedCodeGrantIdentifier } from '@openid4vc/oauth2'
import { Openid4vciIssuer, Openid4vciVersion } from '@openid4vc/openid4vci'
import { callbacksFor } from './callbacks.mjs'
import { newKey } from './keys.mjs'
import { serve } from './loopback.mjs'
import { issueSdJwt } from './sdjwt.mjs'

const MINUTE = 60_000
const random = () => randomBytes(24).toString('base64url')

/** An issuer of one SD-JWT credential type, listening on loopback. */
export class Issuer {
  #offers = new Map()
  #nonces = new Map()
  #tokenKey = newKey()

  /**
   * @param {{ key: import('./keys.mjs').Key, kid: string, did: string, configurationId: string, vct: string, name: string,
   *   status?: () => object }} options the key and DID credentials are signed with, and what is issued;
   *   `status` gives each credential its own `status` claim
   */
  static async start(options) {
    const issuer = new Issuer()
    Object.assign(issuer, options)
    issuer.callbacks = callbacksFor({ keys: [issuer.#tokenKey], resolve: options.resolve })
    issuer.server = await serve({
      'GET /.well-known/openid-credential-issuer': () => ({ body: issuer.metadata.credentialIssuer }),
      'GET /.well-known/oauth-authorization-server': () => ({ body: issuer.metadata.authorizationServers[0] }),
      'GET /jwks': () => ({ body: { keys: [{ ...issuer.#tokenKey.publicJwk, use: 'sig' }] } }),
      'POST /token': (request) => issuer.#token(request),
      'POST /nonce': () => ({ body: issuer.#nonce() }),
      'POST /credential': (request) => issuer.#credential(request),
    })
    issuer.url = issuer.server.url
    issuer.oauth = new Oauth2AuthorizationServer({ callbacks: issuer.callbacks })
    issuer.resource = new Oauth2ResourceServer({ callbacks: issuer.callbacks })
    issuer.vci = new Openid4vciIssuer({ callbacks: issuer.callbacks })
    issuer.metadata = issuer.#metadata()
    return issuer
  }

  close() {
    return this.server.close()
  }

  /** An offer of `claims`, by value. @returns {Promise<{ link: string, txCode: string }>} */
  async offer(claims) {
    const offer = { code: random(), txCode: String(randomInt(1_000_000)).padStart(6, '0'), claims, expires: Date.now() + 5 * MINUTE }
    this.#offers.set(offer.code, offer)
    const { credentialOffer } = await this.vci.createCredentialOffer({
      issuerMetadata: this.metadata,
      credentialConfigurationIds: [this.configurationId],
      grants: {
        [preAuthorizedCodeGrantIdentifier]: {
          'pre-authorized_code': offer.code,
          tx_code: { input_mode: 'numeric', length: 6, description: 'The six digits on your notice' },
        },
      },
    })
    return { link: credentialOffer, txCode: offer.txCode }
  }

  #metadata() {
    const credentialIssuer = this.vci.createCredentialIssuerMetadata({
      credential_issuer: this.url,
      credential_endpoint: `${this.url}/credential`,
      nonce_endpoint: `${this.url}/nonce`,
      display: [{ name: this.name, locale: 'zh' }],
      credential_configurations_supported: {
        [this.configurationId]: {
          format: 'dc+sd-jwt',
          vct: this.vct,
          cryptographic_binding_methods_supported: ['jwk', 'did:key', 'did:jwk'],
          credential_signing_alg_values_supported: [this.key.alg],
          proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256', 'EdDSA'] } },
        },
      },
    })
    const authorizationServer = this.oauth.createAuthorizationServerMetadata({
      issuer: this.url,
      token_endpoint: `${this.url}/token`,
      jwks_uri: `${this.url}/jwks`,
      grant_types_supported: [preAuthorizedCodeGrantIdentifier],
      'pre-authorized_grant_anonymous_access_supported': true,
    })
    return {
      originalDraftVersion: Openid4vciVersion.V1,
      credentialIssuer,
      authorizationServers: [authorizationServer],
      knownCredentialConfigurations: this.vci.getKnownCredentialConfigurationsSupported(credentialIssuer),
    }
  }

  async #token(request) {
    const { grant, accessTokenRequest } = this.oauth.parseAccessTokenRequest({ request, accessTokenRequest: request.form() })
    const offer = this.#offers.get(grant.preAuthorizedCode)
    await this.oauth.verifyPreAuthorizedCodeAccessTokenRequest({
      authorizationServerMetadata: this.metadata.authorizationServers[0],
      request,
      grant,
      accessTokenRequest,
      expectedPreAuthorizedCode: offer?.code ?? '',
      expectedTxCode: offer?.txCode ?? '',
      preAuthorizedCodeExpiresAt: offer && new Date(offer.expires),
    })
    offer.code = undefined
    const body = await this.oauth.createAccessTokenResponse({
      audience: this.url,
      authorizationServer: this.url,
      subject: grant.preAuthorizedCode,
      signer: { method: 'jwk', publicJwk: this.#tokenKey.publicJwk, alg: this.#tokenKey.alg },
      expiresInSeconds: 300,
    })
    return { body }
  }

  #nonce() {
    const nonce = random()
    this.#nonces.set(nonce, Date.now() + MINUTE)
    return this.vci.createNonceResponse({ cNonce: nonce })
  }

  async #credential(request) {
    const { tokenPayload } = await this.resource.verifyResourceRequest({
      request,
      resourceServer: this.url,
      authorizationServers: this.metadata.authorizationServers,
      allowedAuthenticationSchemes: ['Bearer'],
    })
    const { credentialRequest, credentialConfigurationId, proofs } = this.vci.parseCredentialRequest({
      issuerMetadata: this.metadata,
      credentialRequest: request.json(),
    })
    assert.equal(credentialConfigurationId, this.configurationId)
    const jwt = proofs.jwt[0]
    const nonce = JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString()).nonce
    const { signer } = await this.vci.verifyCredentialRequestJwtProof({
      issuerMetadata: this.metadata,
      jwt,
      expectedNonce: this.#nonces.has(nonce) ? nonce : random(),
      nonceExpiresAt: new Date(this.#nonces.get(nonce) ?? 0),
    })
    this.#nonces.delete(nonce)
    const { claims } = this.#offers.get(tokenPayload.sub)
    const credential = await this.#issue(claims, signer.publicJwk)
    return { body: this.vci.createCredentialResponse({ credentialRequest, credentials: [{ credential }] }) }
  }

  #issue(claims, holderJwk) {
    const { kty, crv, x, y } = holderJwk
    const now = Math.floor(Date.now() / 1000)
    const fixed = {
      iss: this.did,
      vct: this.vct,
      iat: now,
      nbf: now,
      exp: now + 365 * 24 * 3600,
      cnf: { jwk: { kty, crv, x, ...(y && { y }) } },
      ...(this.status && { status: this.status() }),
    }
    return issueSdJwt({ key: this.key, kid: this.kid, fixed, claims })
  }
}
