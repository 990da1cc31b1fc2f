import { realpath, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { CuemuxError, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { cacheKey, readCacheFile, writeCacheFile } from './cache.js'
import { readDriver, readHardware } from './hardware.js'
import { parseHwaccels, parseNames, parseVersion } from './listings.js'
import { type BinaryIdentity, CANDIDATES, type Candidate, type Capabilities, type EncoderTrial } from './model.js'
import { ask, inParallel } from './run.js'
import { validate } from './schemas.js'
import { type TrialGround, tryEncoder, tryVulkan } from './trials.js'

/** How capabilities are measured. */
export interface MeasureOptions {
  /** Ends the wait; a measurement that others wait for goes on. */
  readonly signal?: AbortSignal
  /** A JSON file that keeps the result between processes. */
  readonly cacheFile?: string
  /** Bound of each question and each one-frame encode; 5000 where absent. */
  readonly trialTimeoutMs?: number
}

const TRIAL_TIMEOUT_MS = 5000
/** Encoders start several threads each. */
const MAX_PARALLEL = 4
/** A result that a busy GPU or a slow moment can explain is forgotten after this. */
const DOUBTFUL_LIFE_MS = 10 * 60_000
const DOUBTFUL =
  /^no frame within|OpenEncodeSessionEx failed: (?:out of memory|incompatible client key)|resource busy|temporarily unavailable/i

interface Entry {
  readonly result: Promise<Capabilities>
  expiresAtMs: number
}
const known = new Map<string, Entry>()

/**
 * What an ffmpeg can do on this machine: its lists, and for each candidate encoder whether it made one frame. Takes about
 * a second the first time; then from memory, or from `cacheFile`, as long as the binary (path, size, time) and the
 * drivers are the same.
 *
 * @throws CuemuxError `ENCODER_MISSING` where the binary can't be started, `ENCODER_FAILED` where it does not answer as
 *   ffmpeg does, `BAD_REQUEST`, `ABORTED`
 */
export async function measureCapabilities(ffmpeg: string, options: MeasureOptions = {}): Promise<Capabilities> {
  const { signal, cacheFile, trialTimeoutMs = TRIAL_TIMEOUT_MS } = validate('measure', options)
  throwIfAborted(signal)
  const binary = await identify(ffmpeg)
  const { driver } = await readDriver()
  const key = cacheKey(binary, driver)
  let entry = known.get(key)
  if (entry === undefined || entry.expiresAtMs < Date.now()) {
    entry = { result: loadOrMeasure(binary, driver, cacheFile, trialTimeoutMs), expiresAtMs: Number.POSITIVE_INFINITY }
    known.set(key, entry)
    settle(key, entry)
  }
  return waitFor(entry.result, signal)
}

/** Forgets what failed, and what is doubtful after a while. */
function settle(key: string, entry: Entry): void {
  entry.result.then(
    capabilities => {
      if (isDoubtful(capabilities)) entry.expiresAtMs = Date.now() + DOUBTFUL_LIFE_MS
    },
    () => {
      if (known.get(key) === entry) known.delete(key)
    },
  )
}

function waitFor<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return result
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal.reason }))
    if (signal.aborted) return stop()
    signal.addEventListener('abort', stop, { once: true })
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

async function identify(ffmpeg: string): Promise<BinaryIdentity> {
  try {
    const path = await realpath(ffmpeg)
    const { size, mtimeMs } = await stat(path)
    return { path, sizeBytes: size, modifiedMs: Math.floor(mtimeMs) }
  } catch (error) {
    throw toCuemuxError(error, 'ENCODER_MISSING', `${ffmpeg} can't be looked at`)
  }
}

async function loadOrMeasure(
  binary: BinaryIdentity,
  driver: string,
  cacheFile: string | undefined,
  timeoutMs: number,
): Promise<Capabilities> {
  const kept = cacheFile === undefined ? undefined : await readCacheFile(cacheFile, binary, driver)
  if (kept !== undefined) return kept
  const capabilities = await measure(binary, timeoutMs)
  if (cacheFile !== undefined && !isDoubtful(capabilities)) await writeCacheFile(cacheFile, capabilities)
  return capabilities
}

function isDoubtful(capabilities: Capabilities): boolean {
  return capabilities.trials.some(({ reason }) => reason !== undefined && DOUBTFUL.test(reason))
}

async function measure(binary: BinaryIdentity, timeoutMs: number): Promise<Capabilities> {
  const width = Math.min(MAX_PARALLEL, Math.max(2, availableParallelism()))
  const version = parseVersion(await listing(binary, ['-version'], timeoutMs))
  if (version === undefined) {
    throw new CuemuxError('ENCODER_FAILED', `${binary.path} does not answer as ffmpeg does.`, {
      hint: 'Set the option ffmpeg or CUEMUX_FFMPEG to the path of ffmpeg.',
    })
  }
  const kinds = ['-encoders', '-decoders', '-filters', '-hwaccels']
  const [encoders = '', decoders = '', filters = '', hwaccels = ''] = await inParallel(
    kinds.map(kind => () => listing(binary, [kind], timeoutMs)),
    width,
  )
  const ground: TrialGround = {
    binary,
    hardware: await readHardware(timeoutMs),
    version,
    encoders: parseNames(encoders),
    decoders: parseNames(decoders),
    filters: parseNames(filters),
    hwaccels: parseHwaccels(hwaccels),
    vulkanDevice: undefined,
    qsvToneMaps: false,
  }
  let vulkanDevice: string | undefined
  let qsvToneMaps = false
  // The longest first, so that no other waits for it.
  const trials = new Map<Candidate, EncoderTrial>()
  const tasks = CANDIDATES.map(candidate => async () => {
    trials.set(candidate, await tryEncoder(ground, candidate, timeoutMs))
  })
  tasks.unshift(async () => {
    vulkanDevice = await tryVulkan(ground, timeoutMs)
  })
  tasks.push(async () => {
    qsvToneMaps = await hasQsvToneMap(ground, timeoutMs)
  })
  await inParallel(tasks, width)
  return { ...ground, trials: CANDIDATES.flatMap(one => trials.get(one) ?? []), vulkanDevice, qsvToneMaps }
}

async function hasQsvToneMap(ground: TrialGround, timeoutMs: number): Promise<boolean> {
  if (!ground.filters.includes('vpp_qsv')) return false
  return /^\s+tonemap\s/m.test(await listing(ground.binary, ['-h', 'filter=vpp_qsv'], timeoutMs))
}

async function listing(binary: BinaryIdentity, about: readonly string[], timeoutMs: number): Promise<string> {
  const answer = await ask({ binary: binary.path, arguments: ['-hide_banner', ...about], timeoutMs })
  if (answer.ok) return answer.stdout
  const why = answer.isTimeout ? `did not answer within ${timeoutMs / 1000} s` : 'ended with an error'
  throw new CuemuxError('ENCODER_FAILED', `${binary.path} ${about.join(' ')} ${why}.`, {
    hint: 'Check that this is an ffmpeg that runs here, or name another by the option ffmpeg or CUEMUX_FFMPEG.',
  })
}
