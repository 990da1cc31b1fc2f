// Runs a whole process and measures it: wall time from before it is spawned until it has ended.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { devNull } from 'node:os'
import { fileURLToPath } from 'node:url'
import { counting } from './instructions.mjs'

const REPORT = fileURLToPath(new URL('report-usage.cjs', import.meta.url))

/**
 * @typedef {object} Measurement
 * @property {number} seconds wall time
 * @property {number} [cpuSeconds] user and system, all threads
 * @property {number} [maxRssKiB] peak resident set
 * @property {number} [readBytes] bytes that its read calls gave
 * @property {number} [writtenBytes] bytes that its write calls took
 * @property {number} [instructions] of its own code, where they can be counted
 * @property {string} stdout what it printed, where that was kept
 */

/**
 * A Node process with the usage report preloaded.
 *
 * @param {string[]} args script and its arguments
 * @param {{ keepOutput?: boolean, env?: NodeJS.ProcessEnv }} [options] whether stdout is kept or thrown away
 * @returns {Promise<Measurement>}
 */
export async function measureNode(args, options = {}) {
  const run = await runProcess(process.execPath, ['--require', REPORT, ...args], options)
  return { seconds: run.seconds, stdout: run.stdout, ...run.counted, ...JSON.parse(run.report || '{}') }
}

/**
 * An ffmpeg process; it tells CPU time and peak memory itself.
 *
 * @param {string[]} args
 * @returns {Promise<Measurement>}
 */
export async function measureFfmpeg(args) {
  const run = await runProcess('ffmpeg', ['-hide_banner', '-nostdin', '-nostats', '-benchmark', '-y', ...args], {})
  const time = /utime=([\d.]+)s stime=([\d.]+)s/.exec(run.stderr)
  const rss = /maxrss=(\d+)Ki?B/i.exec(run.stderr)
  return {
    seconds: run.seconds,
    stdout: '',
    ...run.counted,
    ...(time ? { cpuSeconds: Number(time[1]) + Number(time[2]) } : {}),
    ...(rss ? { maxRssKiB: Number(rss[1]) } : {}),
  }
}

/**
 * Any other process: wall time alone.
 *
 * @returns {Promise<Measurement>}
 */
export async function measureProcess(command, args) {
  const { seconds, counted } = await runProcess(command, args, {})
  return { seconds, stdout: '', ...counted }
}

function runProcess(command, args, { keepOutput = false, env = process.env }) {
  return new Promise((resolve, reject) => {
    const nowhere = keepOutput ? undefined : openSync(devNull, 'w')
    const counted = counting(command, args)
    const start = process.hrtime.bigint()
    const child = spawn(counted.command, counted.args, { stdio: ['ignore', nowhere ?? 'pipe', 'pipe', 'pipe'], env })
    const texts = ['', '', '', '']
    for (const descriptor of [1, 2, 3]) {
      child.stdio[descriptor]?.setEncoding('utf8').on('data', text => {
        texts[descriptor] = (texts[descriptor] + text).slice(-1_000_000)
      })
    }
    let seconds = 0
    child.on('exit', () => {
      seconds = Number(process.hrtime.bigint() - start) / 1e9
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (nowhere !== undefined) closeSync(nowhere)
      const [, stdout, stderr, report] = texts
      const instructions = counted.instructions()
      const counts = instructions === undefined ? {} : { instructions }
      if (code === 0) resolve({ seconds, stdout, stderr, report, counted: counts })
      else reject(new Error(`it ended with ${signal ?? code}: ${errorLine(stderr)}`))
    })
  })
}

/** The line of an error, and not of its stack. */
function errorLine(stderr) {
  const lines = stderr.trim().split('\n')
  return lines.find(line => /error|cuemux:/i.test(line)) ?? lines.at(-1)
}
