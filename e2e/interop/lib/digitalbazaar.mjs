// Digital Bazaar's Verifiable Credentials library and cryptosuites, with keys of its own making and nothing from the network.
import * as BlsMultikey from '@digitalbazaar/bls12-381-multikey'
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey'
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey'
import * as bbs from '@digitalbazaar/bbs-2023-cryptosuite'
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite'
import * as ecdsaSd from '@digitalbazaar/ecdsa-sd-2023-cryptosuite'
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite'
import * as vc from '@digitalbazaar/vc'
import * as lists from '@digitalbazaar/vc-bitstring-status-list'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite as ecdsaRdfc } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite'
import { cryptosuite as eddsaRdfc } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { contexts as credentialContexts } from '@digitalbazaar/credentials-context'
import * as dataIntegrityContext from '@digitalbazaar/data-integrity-context'
import * as multikeyContext from '@digitalbazaar/multikey-context'

/** Each suite: what signs, and what verifies. */
const SUITES = {
  'eddsa-jcs-2022': { sign: eddsaJcs.createSignCryptosuite, verify: eddsaJcs.createVerifyCryptosuite },
  'eddsa-rdfc-2022': { sign: () => eddsaRdfc, verify: () => eddsaRdfc },
  'ecdsa-jcs-2019': { sign: ecdsaJcs.createSignCryptosuite, verify: ecdsaJcs.createVerifyCryptosuite },
  'ecdsa-rdfc-2019': { sign: () => ecdsaRdfc, verify: () => ecdsaRdfc },
  'ecdsa-sd-2023': { sign: ecdsaSd.createSignCryptosuite, verify: ecdsaSd.createVerifyCryptosuite, disclose: ecdsaSd.createDiscloseCryptosuite },
  'bbs-2023': { sign: bbs.createSignCryptosuite, verify: bbs.createVerifyCryptosuite, disclose: bbs.createDiscloseCryptosuite },
}

const CONTEXTS = new Map([...credentialContexts, ...dataIntegrityContext.contexts, ...multikeyContext.contexts])

/** Documents by URL: the contexts that packages carry, and what did:key DIDs are by themselves. */
export async function documentLoader(url) {
  const document = CONTEXTS.get(url) ?? didKeyDocument(url)
  if (!document) throw new Error(`${url} is not loaded here`)
  return { contextUrl: null, documentUrl: url, document }
}

function didKeyDocument(url) {
  const [did, fragment] = url.split('#')
  if (!did.startsWith('did:key:')) return undefined
  const multikey = did.slice('did:key:'.length)
  const method = {
    '@context': 'https://w3id.org/security/multikey/v1',
    id: `${did}#${multikey}`,
    type: 'Multikey',
    controller: did,
    publicKeyMultibase: multikey,
  }
  if (fragment) return method
  const purposes = { assertionMethod: [method.id], authentication: [method.id] }
  return { '@context': 'https://www.w3.org/ns/did/v1', id: did, verificationMethod: [method], ...purposes }
}

const generate = (keyType) => {
  switch (keyType) {
    case 'Ed25519': return Ed25519Multikey.generate()
    case 'BLS12-381': return BlsMultikey.generateBbsKeyPair({ algorithm: 'BBS-BLS12-381-SHA-256' })
    default: return EcdsaMultikey.generate({ curve: keyType })
  }
}

/**
 * What the Bitstring Status Lists that a credential names say, by their library: each list is verified, must be its issuer's and for the
 * entry's purpose, and have no bit of it set.
 */
async function standsInLists(credential, suite, loader) {
  // What nobody has at hand is a list.
  const fetched = (url) =>
    loader(url).catch(async () => ({ contextUrl: null, documentUrl: url, document: await (await fetch(url)).json() }))
  const { verified, results, error } = await lists.checkStatus({ credential, suite, documentLoader: fetched })
  const set = results?.find(({ status }) => status)
  if (!verified || set) return { verified: false, error: error ?? new Error(`set: ${JSON.stringify(set?.credentialStatus)}`) }
  return { verified: true }
}

/** Whether a credential stands in its lists, whatever its own proof. @returns {Promise<{ verified: boolean, error?: Error }>} */
export function checkStatus(credential, suite, loader = documentLoader) {
  return standsInLists(credential, new DataIntegrityProof({ cryptosuite: SUITES[suite].verify() }), loader)
}

/** A Bitstring Status List of theirs in which these places are set, as a credential of this issuer's. */
export async function statusList(key, suite, { id, statusPurpose, set }) {
  const list = await lists.createList({ length: 131072 })
  for (const index of set) list.setStatus(index, true)
  const credential = await lists.createCredential({ id, list, statusPurpose })
  return issue({ ...credential, issuer: key.did }, key, suite)
}

/**
 * Whether their library takes a presentation and the credential in it, and why not.
 *
 * @param {object} presentation
 * @param {{ challenge: string, domain: string, holder: string, issuer: string }} expected `holder` and `issuer` name the suites
 * @param {{ contexts: Record<string, object>, resolve: (did: string) => Promise<object> }} known further contexts by URL, and how
 *   DIDs that are not did:key become documents
 */
export function verifyPresentation(presentation, { challenge, domain, holder, issuer }, { contexts, resolve }) {
  const loader = async (url) => {
    const [did, fragment] = url.split('#')
    if (contexts[url]) return { contextUrl: null, documentUrl: url, document: contexts[url] }
    if (!did.startsWith('did:') || did.startsWith('did:key:')) return documentLoader(url)
    const whole = await resolve(did)
    const method = whole.verificationMethod.find(({ id }) => id === url)
    // Their library knows version 1 of the DID context, which defines all of what it looks at.
    const document = fragment
      ? { ...method, '@context': 'https://w3id.org/security/multikey/v1' }
      : { ...whole, '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'] }
    return { contextUrl: null, documentUrl: url, document }
  }
  const suites = [holder, issuer].map((name) => new DataIntegrityProof({ cryptosuite: SUITES[name].verify() }))
  const checkStatus = ({ credential }) => standsInLists(credential, suites, loader)
  return vc.verify({ presentation, challenge, domain, suite: suites, checkStatus, documentLoader: loader })
}

/** A new key under a did:key. @param {'Ed25519' | 'P-256' | 'P-384' | 'BLS12-381'} keyType */
export async function newDidKey(keyType) {
  const made = await generate(keyType)
  const { publicKeyMultibase } = await made.export({ publicKey: true })
  made.controller = `did:key:${publicKeyMultibase}`
  made.id = `${made.controller}#${publicKeyMultibase}`
  return { did: made.controller, signer: made.signer(), publicKeyMultibase }
}

const proofBy = (key, cryptosuite) => new DataIntegrityProof({ signer: key.signer, cryptosuite })

/** A credential, issued by their library with a key of {@link newDidKey}. */
export function issue(credential, key, suite, options) {
  return vc.issue({ credential, suite: proofBy(key, SUITES[suite].sign(options)), documentLoader })
}

/** A presentation by `key`, in answer to a challenge and for a domain. */
export function present(credentials, key, suite, { challenge, domain }) {
  const presentation = vc.createPresentation({ verifiableCredential: credentials, holder: key.did })
  return vc.signPresentation({ presentation, suite: proofBy(key, SUITES[suite].sign()), challenge, domain, documentLoader })
}

/** What their library derives from a credential with a base proof. @param {'ecdsa-sd-2023' | 'bbs-2023'} suite */
export function derive(verifiableCredential, selectivePointers, suite) {
  const cryptosuite = SUITES[suite].disclose({ selectivePointers })
  return vc.derive({ verifiableCredential, suite: new DataIntegrityProof({ cryptosuite }), documentLoader })
}

/** Whether their library takes a credential, and why not. @returns {Promise<{ verified: boolean, error?: Error }>} */
export function verify(credential, suite) {
  return vc.verifyCredential({
    credential,
    suite: new DataIntegrityProof({ cryptosuite: SUITES[suite].verify() }),
    documentLoader,
  })
}
