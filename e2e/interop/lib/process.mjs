// Our own services as processes of their own, by their settings, beside the running system and on its chain.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { required, stack } from '../../stack.mjs'

/** A port of loopback that nobody listens at now. */
async function freePort() {
  const server = createServer()
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address()
  await new Promise((closed) => server.close(closed))
  return port
}

/**
 * A line to a service that can be cut: what goes to `url` goes on to `target`, byte by byte, until somebody cuts it.
 *
 * @returns {Promise<{ url: string, cut: () => Promise<void>, mend: () => Promise<void> }>}
 */
export async function line(target) {
  const { hostname: host, port } = new URL(target)
  const open = new Set()
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port) })
    for (const [socket, other] of [[near, far], [far, near]]) {
      open.add(socket)
      socket.on('error', () => {}).on('close', () => {
        open.delete(socket)
        other.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const listen = (at) => new Promise((ready) => server.listen(at, '127.0.0.1', ready))
  await listen(0)
  const own = server.address().port
  return {
    url: `http://127.0.0.1:${own}`,
    cut: () => new Promise((closed) => {
      server.close(closed)
      for (const socket of open) socket.destroy()
    }),
    mend: () => listen(own),
  }
}

/**
 * Starts an issuer with settings of its own, and waits until it answers.
 *
 * @param {string} folder
 * @param {{ credentialTypes: string[], policy?: Record<string, string | number | boolean>, nodeUrl?: string }} options
 * @returns {Promise<{ did: string, url: string, token: string, stop: () => Promise<void> }>} `token` is of its staff
 */
export async function startIssuer(folder, { credentialTypes, policy = {}, nodeUrl = stack.chain.url }) {
  const url = `http://127.0.0.1:${await freePort()}`
  const token = 'of the staff of an issuer that asks for attestations'
  writeFileSync(join(folder, 'anchor.json'), JSON.stringify(stack.chain.anchor))
  writeFileSync(join(folder, 'staff.token'), token, { mode: 0o600 })
  writeFileSync(join(folder, 'issuer.toml'), `
name = { zh = "示例市市场监督管理局", en = "Example Market Supervision Administration" }
credential_types = ${JSON.stringify(credentialTypes)}
listen = "${new URL(url).host}"
base_url = "${url}"
node_url = "${nodeUrl}"
anchor_file = "anchor.json"
data_dir = "data"
[[staff]]
name = "周敏 Zhou Min"
token_file = "staff.token"
roles = ["clerk", "supervisor", "auditor", "admin"]
[policy]
${Object.entries(policy).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join('\n')}
`)
  const child = spawn(required('HUIZHENG'), ['issuer', 'run', '--config', join(folder, 'issuer.toml')])
  const ended = new Promise((resume) => child.on('exit', resume))
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const line = await new Promise((resume, reject) => {
    let printed = ''
    child.stdout.on('data', (text) => {
      printed += text
      if (printed.includes('\n')) resume(printed)
    })
    ended.then((code) => reject(new Error(`the issuer ended with ${code}: ${said}`)))
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { did: line.split(' ')[0], url, token, stop }
}
