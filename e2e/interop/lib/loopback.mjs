// A small HTTP server on a free loopback port.
import { createServer } from 'node:http'

const LIMIT = 1 << 20

/**
 * Starts serving `routes` (`'POST /token'`; a path that ends in `/*` matches what follows) and answers its base URL.
 * A handler gets `{ method, url, headers, text, json, form, rest }` and returns `{ status?, type?, body }`,
 * where a body that is not a string is sent as JSON.
 *
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(routes) {
  const server = createServer(async (incoming, outgoing) => {
    let answer
    try {
      answer = await dispatch(routes, incoming)
    } catch (error) {
      answer = { status: error.status ?? 500, body: error.errorResponse ?? { error: 'server_error', detail: String(error) } }
    }
    const text = typeof answer.body === 'string'
    outgoing.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? (text ? 'text/plain' : 'application/json') })
    outgoing.end(text ? answer.body : JSON.stringify(answer.body))
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((closed) => server.close(closed).closeAllConnections()),
  }
}

async function dispatch(routes, incoming) {
  const url = new URL(incoming.url, 'http://loopback')
  const { handler, rest } = find(routes, incoming.method, url.pathname)
  if (!handler) return { status: 404, body: { error: 'not_found' } }
  const text = await read(incoming)
  return handler({
    method: incoming.method,
    url: `http://${incoming.headers.host}${incoming.url}`,
    headers: new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    text,
    json: () => JSON.parse(text),
    form: () => Object.fromEntries(new URLSearchParams(text)),
    rest,
  })
}

function find(routes, method, path) {
  const exact = routes[`${method} ${path}`]
  if (exact) return { handler: exact }
  const cut = path.lastIndexOf('/') + 1
  return { handler: routes[`${method} ${path.slice(0, cut)}*`], rest: path.slice(cut) }
}

async function read(incoming) {
  const parts = []
  let size = 0
  for await (const part of incoming) {
    size += part.length
    if (size > LIMIT) throw Object.assign(new Error('the body is too large'), { status: 413 })
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}
