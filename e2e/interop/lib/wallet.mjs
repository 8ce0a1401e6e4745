// A holder's wallet made of @openid4vc/openid4vci, @openid4vc/openid4vp, dcql and @sd-jwt/core.
import assert from 'node:assert/strict'
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { Openid4vpClient } from '@openid4vc/openid4vp'
import { callbacksFor } from './callbacks.mjs'
import { choose } from './dcql.mjs'
import { newKey } from './keys.mjs'
import { claimsOf, presentSdJwt } from './sdjwt.mjs'

// What HAIP 1.0 asks of wallets, by the library's names.
const ENCRYPTION = {
  authorization_signing_alg_values_supported: [],
  authorization_encryption_alg_values_supported: ['ECDH-ES'],
  authorization_encryption_enc_values_supported: ['A256GCM', 'A128GCM'],
}

/** @typedef {{ credential: string, key: import('./keys.mjs').Key }} Held a credential and the key it is bound to */

/**
 * Receives one credential by the pre-authorized code flow, bound to a key made for it.
 *
 * @param {{ offer: string, txCode: string, configurationId: string, alg?: import('./keys.mjs').Algorithm }} options
 * @returns {Promise<Held & { offered: object, metadata: object }>}
 */
export async function receive({ offer, txCode, configurationId, alg = 'ES256' }) {
  const key = newKey(alg)
  const client = new Openid4vciClient({ callbacks: callbacksFor({ keys: [key] }) })
  const offered = await client.resolveCredentialOffer(offer)
  assert.ok(offered.credential_configuration_ids.includes(configurationId), `${configurationId} is not offered`)
  const metadata = await client.resolveIssuerMetadata(offered.credential_issuer)
  const { accessTokenResponse } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer: offered,
    issuerMetadata: metadata,
    txCode,
  })
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata: metadata })
  const { jwt } = await client.createCredentialRequestJwtProof({
    issuerMetadata: metadata,
    credentialConfigurationId: configurationId,
    nonce,
    signer: { method: 'jwk', alg: key.alg, publicJwk: key.publicJwk },
  })
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata: metadata,
    credentialConfigurationId: configurationId,
    accessToken: accessTokenResponse.access_token,
    proofs: { jwt: [jwt] },
  })
  const [first] = credentialResponse.credentials
  return { credential: first.credential, key, offered, metadata }
}

/**
 * Resolves a presentation request and checks that the DID it names signed it.
 *
 * @param {string} link an `openid4vp://…` link
 * @param {(didUrl: string) => Promise<JsonWebKey>} resolve
 */
export async function resolveRequest(link, resolve) {
  const client = new Openid4vpClient({ callbacks: callbacksFor({ resolve }) })
  const { params } = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link })
  const request = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params, wallet: {} })
  assert.ok(request.jar, 'the request is not signed')
  return { client, request, payload: request.authorizationRequestPayload }
}

/**
 * Answers a request with what its DCQL query asks of `held`, and no more.
 *
 * @param {Awaited<ReturnType<typeof resolveRequest>>} resolved
 * @param {Held[]} held
 * @param {{ nonce?: string, audience?: string, key?: import('./keys.mjs').Key, also?: object, less?: string, credential?: string }} [forged]
 *   what a dishonest wallet says instead: `also` names claims that nobody asked for, `less` one that is left out, `credential` is another
 *   text of the credential
 * @returns {Promise<{ status: number, body: unknown, disclosed: Record<string, object> }>}
 */
export async function respond({ client, payload }, held, forged = {}) {
  const claims = await Promise.all(held.map(({ credential }) => claimsOf(credential)))
  const chosen = choose(payload.dcql_query, claims)
  const presentations = {}
  for (const [id, { index, claims }] of Object.entries(chosen)) {
    const presentation = await presentSdJwt({
      credential: forged.credential ?? held[index].credential,
      key: forged.key ?? held[index].key,
      disclose: without({ ...frameOf(claims), ...forged.also }, forged.less),
      nonce: forged.nonce ?? payload.nonce,
      audience: forged.audience ?? payload.client_id,
    })
    presentations[id] = [presentation]
  }
  const { authorizationResponsePayload, jarm } = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: payload,
    authorizationResponsePayload: { vp_token: presentations },
    ...(payload.response_mode === 'direct_post.jwt' && { jarm: { encryption: {}, serverMetadata: ENCRYPTION } }),
  })
  const { response } = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: payload,
    authorizationResponsePayload,
    ...(jarm && { jarm }),
  })
  const body = await response.json()
  const disclosed = Object.fromEntries(Object.entries(chosen).map(([id, { claims }]) => [id, claims]))
  return { status: response.status, body, disclosed }
}

const without = (frame, name) => Object.fromEntries(Object.entries(frame).filter(([one]) => one !== name))

// The presentation frame of @sd-jwt/core: the same tree with `true` at its leaves.
function frameOf(value) {
  if (value === null || typeof value !== 'object') return true
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, frameOf(inner)]))
}
