// DCQL with the dcql package: choosing what answers a query, and judging what came.
import assert from 'node:assert/strict'
import { DcqlPresentationResult, DcqlQuery } from 'dcql'

/** A query whose shape and content are checked. */
export function checkedQuery(dcql) {
  const query = DcqlQuery.parse(dcql)
  DcqlQuery.validate(query)
  return query
}

const candidate = ({ vct, ...claims }) => ({ credential_format: 'dc+sd-jwt', vct, claims, cryptographic_holder_binding: true })

const mdocCandidate = (doctype, namespaces) => ({
  credential_format: 'mso_mdoc',
  doctype,
  namespaces,
  cryptographic_holder_binding: true,
})

const w3cCandidate = (type, claims) => ({ credential_format: 'ldp_vc', type, claims, cryptographic_holder_binding: true })

/**
 * For each credential asked for, which of `held` (claims of SD-JWT VCs) answers it and with which claims.
 *
 * @param {object} dcql
 * @param {object[]} held
 * @returns {Record<string, { index: number, claims: object }>}
 */
export function choose(dcql, held) {
  const result = DcqlQuery.query(checkedQuery(dcql), held.map(candidate))
  assert.ok(result.can_be_satisfied, `the held credentials do not satisfy ${JSON.stringify(dcql)}`)
  const chosen = (id) => {
    const [first] = result.credential_matches[id].valid_credentials
    return { index: first.input_credential_index, claims: first.claims.valid_claim_sets[0].output ?? {} }
  }
  return Object.fromEntries(wanted(result).map((id) => [id, chosen(id)]))
}

// The ids to answer: of every required set its first option that can be satisfied, or all when there are no sets.
function wanted(result) {
  if (!result.credential_sets) return result.credentials.map(({ id }) => id)
  return result.credential_sets.filter((set) => set.required).flatMap((set) => set.matching_options[0])
}

/** Throws unless the presented claims (of an mdoc its elements by namespace), listed by credential query id, satisfy the query. */
export function assertSatisfied(dcql, presented) {
  const asCandidate = (id) => {
    const { format, meta } = dcql.credentials.find((query) => query.id === id)
    if (format === 'ldp_vc') return (credential) => w3cCandidate(meta.type_values[0], credential)
    return format === 'mso_mdoc' ? (namespaces) => mdocCandidate(meta.doctype_value, namespaces) : candidate
  }
  const candidates = Object.fromEntries(Object.entries(presented).map(([id, list]) => [id, list.map(asCandidate(id))]))
  const result = DcqlPresentationResult.fromDcqlPresentation(candidates, { dcqlQuery: checkedQuery(dcql) })
  assert.ok(result.can_be_satisfied, 'the presentation does not satisfy the query')
}
