// A holder's browser at our issuer's login: follows the pages by hand, with one cookie.
import assert from 'node:assert/strict'

/** Opens a login address, logs in as this one of the demo's citizens, and agrees. @returns {Promise<string>} where it is sent */
export async function logIn(address, citizen = 0) {
  const { origin } = new URL(address)
  const opened = await fetch(address, { redirect: 'manual' })
  assert.equal(opened.status, 303, await opened.text())
  const cookie = opened.headers.get('set-cookie').split(';')[0]
  const page = async (path) => {
    const answer = await fetch(origin + path, { headers: { cookie, accept: 'text/html' }, redirect: 'manual' })
    return (await answer.text()).match(/name="csrf" value="([^"]+)"/)[1]
  }
  const post = async (path, fields) => {
    const body = new URLSearchParams({ csrf: await page(path), ...fields })
    const answer = await fetch(origin + path, { method: 'POST', headers: { cookie }, body, redirect: 'manual' })
    return answer.headers.get('location')
  }
  assert.equal(await post('/authorize/citizens', { citizen }), '/authorize/consent')
  return post('/authorize/consent', { decision: 'agree' })
}
