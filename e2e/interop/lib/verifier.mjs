// A verifier made of @openid4vc/openid4vp, dcql and @sd-jwt/core: signed requests by reference, direct_post.
import { randomBytes } from 'node:crypto'
import { Openid4vpVerifier } from '@openid4vc/openid4vp'
import { callbacksFor } from './callbacks.mjs'
import { assertSatisfied, checkedQuery } from './dcql.mjs'
import { serve } from './loopback.mjs'
import { verifySdJwt } from './sdjwt.mjs'

const random = () => randomBytes(24).toString('base64url')

/** A verifier listening on loopback. */
export class Verifier {
  #requests = new Map()

  /**
   * @param {{ key: import('./keys.mjs').Key, kid: string, did: string, name: string,
   *   resolve: (didUrl: string) => Promise<JsonWebKey> }} options the key and DID requests are signed with, and how
   *   issuers' keys are found
   * @param {(presentation: string, payload: object) => Promise<object>} [options.verifyMdoc] gives the elements of an mdoc by
   *   namespace, or throws
   * @param {(presentation: object, payload: object) => Promise<object>} [options.verifyW3c] gives the credential in a W3C
   *   presentation, or throws
   */
  static async start(options) {
    const verifier = new Verifier()
    Object.assign(verifier, options)
    verifier.clientId = `decentralized_identifier:${options.did}`
    verifier.vp = new Openid4vpVerifier({ callbacks: callbacksFor({ dids: { [options.kid]: options.key } }) })
    verifier.server = await serve({
      'GET /request/*': ({ rest }) => verifier.#requestObject(rest),
      'POST /request/*': ({ rest, form }) => verifier.#requestObject(rest, form().wallet_nonce),
      'POST /response/*': ({ rest, form }) => verifier.#response(rest, form()),
    })
    verifier.url = verifier.server.url
    return verifier
  }

  close() {
    return this.server.close()
  }

  /**
   * Asks for `dcql`. The link makes the wallet fetch the signed request by `method`.
   *
   * @param {{ dcql: object, purpose?: string, method?: 'get' | 'post' }} options
   * @returns {{ id: string, link: string }}
   */
  ask({ dcql, purpose, method = 'get' }) {
    const id = random()
    const payload = {
      response_type: 'vp_token',
      response_mode: 'direct_post',
      client_id: this.clientId,
      response_uri: `${this.url}/response/${id}`,
      nonce: random(),
      state: random(),
      dcql_query: checkedQuery(dcql),
      client_metadata: {
        client_name: this.name,
        vp_formats_supported: {
          'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256', 'EdDSA'], 'kb-jwt_alg_values': ['ES256', 'EdDSA'] },
          ...(this.verifyW3c && { ldp_vc: { proof_type_values: ['DataIntegrityProof'] } }),
          ...(this.verifyMdoc && { mso_mdoc: { issuerauth_alg_values: [-7], deviceauth_alg_values: [-7] } }),
        },
      },
      ...(purpose && { verifier_info: [{ format: 'huizheng.purpose', data: { purpose } }] }),
    }
    this.#requests.set(id, { payload })
    const query = new URLSearchParams({ client_id: this.clientId, request_uri: `${this.url}/request/${id}` })
    if (method === 'post') query.set('request_uri_method', 'post')
    return { id, link: `openid4vp://authorize?${query}` }
  }

  /** What came of a request: `undefined` until the wallet answered, then `{ accepted, claims?, reason?, error? }`. */
  outcome(id) {
    return this.#requests.get(id).outcome
  }

  async #requestObject(id, walletNonce) {
    const known = this.#requests.get(id)
    if (!known) return { status: 404, body: { error: 'invalid_request_uri' } }
    const { jar } = await this.vp.createOpenId4vpAuthorizationRequest({
      scheme: 'openid4vp://',
      authorizationRequestPayload: { ...known.payload, ...(walletNonce && { wallet_nonce: walletNonce }) },
      wallet: { expectedNonce: walletNonce },
      jar: {
        requestUri: `${this.url}/request/${id}`,
        expiresInSeconds: 300,
        jwtSigner: { method: 'did', didUrl: this.kid, alg: this.key.alg },
        additionalJwtPayload: { aud: 'https://self-issued.me/v2' },
      },
    })
    return { type: 'application/oauth-authz-req+jwt', body: jar.authorizationRequestJwt }
  }

  async #response(id, form) {
    const request = this.#requests.get(id)
    if (!request || request.outcome) return { status: 400, body: { error: 'invalid_request' } }
    if (form.error) {
      request.outcome = { accepted: false, error: form.error, reason: form.error_description }
      return { body: {} }
    }
    try {
      request.outcome = { accepted: true, claims: await this.#verify(request.payload, form) }
      return { body: {} }
    } catch (error) {
      request.outcome = { accepted: false, reason: error.message }
      return { status: 400, body: { error: 'invalid_request', error_description: error.message } }
    }
  }

  async #verify(payload, form) {
    const { dcql } = await this.vp.parseOpenid4vpAuthorizationResponse({
      authorizationRequestPayload: payload,
      authorizationResponse: form,
      callbacks: callbacksFor(),
    })
    const verified = {}
    for (const [queryId, presentations] of Object.entries(dcql.presentations)) {
      verified[queryId] = []
      for (const presentation of presentations) {
        const other = { mso_mdoc: this.verifyMdoc, ldp_vc: this.verifyW3c }[formatOf(payload, queryId)]
        if (other) {
          verified[queryId].push(await other(presentation, payload))
          continue
        }
        const { claims } = await verifySdJwt(presentation, { resolve: this.resolve, nonce: payload.nonce, audience: payload.client_id })
        verified[queryId].push(claims)
      }
    }
    assertSatisfied(payload.dcql_query, verified)
    return verified
  }
}

const formatOf = ({ dcql_query }, id) => dcql_query.credentials.find((query) => query.id === id).format
