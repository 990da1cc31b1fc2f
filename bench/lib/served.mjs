// A server in a process of its own, clients that ask it, and what it took meanwhile.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('../programs/serve-cuemux.mjs', import.meta.url))
const REPORT = fileURLToPath(new URL('report-usage.cjs', import.meta.url))

/** Of the times in /proc; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Starts the server, works with it and ends it; `usage` is then what the system counted for it. */
export async function withServer(args, env, work) {
  const server = await startServer(args, env)
  let result
  try {
    result = await work(server)
  } catch (error) {
    await server.stop()
    throw error
  }
  return { result, usage: await server.stop() }
}

async function startServer(args, env) {
  const child = spawn(process.execPath, ['--require', REPORT, SERVER, ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  })
  let report = ''
  child.stdio[3].setEncoding('utf8').on('data', text => {
    report += text
  })
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => [''])])
  const port = Number(String(line))
  if (!(port > 0)) throw new Error('the server did not start')
  return {
    address: `http://127.0.0.1:${port}`,
    /** Resident memory now, KiB; Linux only. */
    rssKiB: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]),
    /** What the system has counted for it so far; Linux only. */
    counters: () => countersOf(child.pid),
    stop: async () => {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
      return JSON.parse(report || '{}')
    },
  }
}

function countersOf(pid) {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8')
  // proc(5): the fields behind the name in brackets, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ').map(Number)
  const [pageFaults, userTicks, systemTicks] = [fields[7], fields[11], fields[12]]
  return {
    cpuSeconds: (userTicks + systemTicks) / TICKS_PER_SECOND,
    pageFaults,
    readCalls: Number(/syscr: (\d+)/.exec(io)[1]),
    writeCalls: Number(/syscw: (\d+)/.exec(io)[1]),
  }
}

/** Asks for an address and throws the answer away. */
export function fetchBytes(url, agent) {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, response => {
      let bytes = 0
      response.on('data', data => {
        bytes += data.length
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(bytes)
        else reject(new Error(`${url} was answered with ${response.statusCode}`))
      })
    })
    request.on('error', reject)
  })
}

/** Addresses of a film's media segments, in their order. */
export async function segmentUrls(address) {
  const base = `${address}/film/video-1/`
  const text = await (await fetch(`${base}playlist.m3u8`)).text()
  const names = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  if (names.length < 2) throw new Error('the playlist lists no segments')
  return names.map(name => new URL(name, base).href)
}

/**
 * Clients that each ask for one segment after another for some time, each from another place on; what each answer took.
 *
 * @returns {Promise<{ seconds: number, latencies: number[], bytes: number }>}
 */
export async function load(urls, clients, seconds, onTick = () => {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const start = performance.now()
  const end = start + seconds * 1000
  const latencies = []
  let bytes = 0
  const client = async number => {
    for (let n = Math.floor((number * urls.length) / clients); performance.now() < end; n++) {
      const asked = performance.now()
      const received = await fetchBytes(urls[n % urls.length], agent)
      bytes += received
      latencies.push((performance.now() - asked) / 1000)
    }
  }
  const ticking = setInterval(onTick, 250)
  try {
    await Promise.all(Array.from({ length: clients }, (_, number) => client(number)))
  } finally {
    clearInterval(ticking)
    agent.destroy()
  }
  return { seconds: (performance.now() - start) / 1000, latencies: latencies.sort((a, b) => a - b), bytes }
}
