import { createHash } from 'node:crypto'
import { readFile, stat, unlink } from 'node:fs/promises'
import path from 'node:path'
import { CuemuxError, throwIfAborted, toCuemuxError } from '@cuemux/core'
import { withSignal } from '../abort.js'
import { orAbsent } from '../disk-files.js'
import { CHECKPOINT_VERSION, findCheckpointErrors } from './checkpoint-schema.js'
import { outputFailed } from './failure.js'
import type { PublishOptions, StoredFile } from './publish-store.js'
import { TemporaryFiles, writePieces } from './temporary-files.js'

/** A larger file is none of a checkpoint. */
const MAX_FILE_BYTES = 512 * 2 ** 20
/** How many differences of two jobs are named. */
const MAX_DIFFERENCES = 5

/** What JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** An object of JSON. */
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/** What a job makes and of what: all on which the bytes of its segments depend, and no secrets. */
export interface CheckpointJob {
  /** Rungs, encoder, segment duration, where to. */
  readonly settings: JsonObject
  /** What tells the source from another: its name, length, time of change or entity tag. */
  readonly source: JsonObject
}

/** A segment that is stored. */
export interface CheckpointSegment extends StoredFile {
  /** The rung's name. */
  readonly rung: string
  /** The segment's number, from 0; left out for the rung's init segment. */
  readonly segment?: number
  /** Ticks per second of `start` and `duration`: exact, so that a later run writes the same playlists. */
  readonly timescale: number
  /** When its first sample is shown, in ticks; 0 for an init segment. */
  readonly start: number
  /** How long it plays, in ticks; 0 for an init segment. */
  readonly duration: number
  /** Where its keyframe lies in it, bytes from its beginning, for playlists of I-frames. */
  readonly keyframeRange?: { readonly offset: number; readonly length: number }
}

/**
 * Which segments of a job are stored, in a file of JSON, so that a job that was killed goes on where it was. The file is replaced
 * as a whole and forced to the disk.
 */
export class Checkpoint {
  readonly #file: string
  readonly #job: CheckpointJob
  readonly #temporary: TemporaryFiles
  readonly #segments = new Map<string, CheckpointSegment>()
  #writing: Promise<void> | undefined
  #queued: Promise<void> | undefined
  #isResumed = false

  private constructor(file: string, job: CheckpointJob) {
    this.#file = path.resolve(file)
    this.#job = job
    this.#temporary = new TemporaryFiles(`${this.#file}.temp`)
  }

  /**
   * Reads the checkpoint of a job when there is one, else begins one (its file is written with the first segment).
   *
   * @throws CuemuxError `BAD_REQUEST` when the file is of a job with other settings (the message names the differences), or no
   *   checkpoint; `SOURCE_CHANGED` when it is of another source; `OUTPUT_FAILED` when it can't be read; `ABORTED`
   */
  static async resume(file: string, job: CheckpointJob, options: PublishOptions = {}): Promise<Checkpoint> {
    throwIfAborted(options.signal)
    const checkpoint = new Checkpoint(file, await plainJob(job))
    const segments = await withSignal(checkpoint.#read(), options.signal)
    for (const segment of segments ?? []) checkpoint.#segments.set(keyOf(segment), segment)
    checkpoint.#isResumed = segments !== undefined
    return checkpoint
  }

  /** Whether there was a file to go on from. */
  get isResumed(): boolean {
    return this.#isResumed
  }

  /** The stored segments, by rung and number, init segments first. */
  get segments(): readonly CheckpointSegment[] {
    return [...this.#segments.values()].sort((a, b) =>
      a.rung < b.rung ? -1 : a.rung > b.rung ? 1 : (a.segment ?? -1) - (b.segment ?? -1),
    )
  }

  /** A stored segment; without a number the rung's init segment. */
  find(rung: string, segment?: number): CheckpointSegment | undefined {
    return this.#segments.get(keyOf({ rung, ...(segment === undefined ? {} : { segment }) }))
  }

  /**
   * Writes the file before the first segment, so that a later run knows of this one though nothing was noted.
   *
   * @throws CuemuxError `OUTPUT_FAILED`
   */
  async begin(): Promise<void> {
    await this.#save()
  }

  /**
   * Notes that a segment is stored. Resolves when the file says so; those noted while it is written go into the next
   * writing together.
   *
   * @throws CuemuxError `BAD_REQUEST` for a field that isn't what it should be; `OUTPUT_FAILED`
   */
  async record(segment: CheckpointSegment): Promise<void> {
    const plain = plainSegment(segment)
    const errors = await findCheckpointErrors('segment', plain)
    if (errors.length > 0) throw new CuemuxError('BAD_REQUEST', `This is no segment to record: ${errors.join(' ')}`)
    this.#segments.set(keyOf(plain), plain)
    await this.#save()
  }

  /** Forgets a segment that was found to be missing or damaged; the file follows with the next that is noted. */
  forget(rung: string, segment?: number): void {
    this.#segments.delete(keyOf({ rung, ...(segment === undefined ? {} : { segment }) }))
  }

  /** Waits for what is being written, and gives back what it needs. The file stays. */
  async close(): Promise<void> {
    await this.#queued?.catch(() => {})
    await this.#writing?.catch(() => {})
    await this.#temporary.close()
  }

  /** Removes the file, when the job is done. */
  async remove(): Promise<void> {
    await this.close()
    await orAbsent(unlink(this.#file)).catch(error => {
      throw outputFailed(error, `Can't remove ${this.#file}`)
    })
  }

  #save(): Promise<void> {
    if (this.#writing === undefined) {
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined
      })
      return this.#writing
    }
    this.#queued ??= this.#writing
      .catch(() => {})
      .then(() => {
        this.#queued = undefined
        return this.#save()
      })
    return this.#queued
  }

  async #write(): Promise<void> {
    const head = {
      format: 'cuemux-checkpoint',
      version: CHECKPOINT_VERSION,
      jobSha256: hashOf(this.#job),
      job: this.#job,
    }
    const lines = this.segments.map(segment => JSON.stringify(segment))
    const json = `${JSON.stringify(head).slice(0, -1)},"segments":[\n${lines.join(',\n')}\n]}\n`
    try {
      await this.#temporary.place(this.#file, true, handle => writePieces(handle, [Buffer.from(json)]))
    } catch (error) {
      throw outputFailed(error, `Can't write the checkpoint ${this.#file}`)
    }
  }

  async #read(): Promise<readonly CheckpointSegment[] | undefined> {
    const content = await this.#readJson()
    if (content === undefined) return undefined
    const version = (content as { version?: unknown }).version
    if (typeof version === 'number' && version !== CHECKPOINT_VERSION) {
      throw this.#unusable(`it is of version ${version}, and this is version ${CHECKPOINT_VERSION}`)
    }
    const errors = await findCheckpointErrors('checkpoint', content)
    if (errors.length > 0) throw this.#unusable(errors.slice(0, MAX_DIFFERENCES).join(' '))
    const stored = content as { jobSha256: string; job: CheckpointJob; segments: readonly CheckpointSegment[] }
    if (stored.jobSha256 !== hashOf(stored.job)) throw this.#unusable('its job was changed')
    this.#compare('source', stored.job.source, this.#job.source)
    this.#compare('settings', stored.job.settings, this.#job.settings)
    return stored.segments
  }

  async #readJson(): Promise<object | undefined> {
    let text: string | undefined
    try {
      const found = await orAbsent(stat(this.#file))
      if (found !== undefined && found.size > MAX_FILE_BYTES) throw this.#unusable('it is too large')
      text = await orAbsent(readFile(this.#file, 'utf8'))
    } catch (error) {
      throw outputFailed(error, `Can't read the checkpoint ${this.#file}`)
    }
    if (text === undefined) return undefined
    try {
      const content: unknown = JSON.parse(text)
      if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content
    } catch {
      // Said below.
    }
    throw this.#unusable('it is no JSON object')
  }

  #compare(name: 'settings' | 'source', stored: JsonObject, given: JsonObject): void {
    const differences = differencesOf(name, stored, given)
    if (differences.length === 0) return
    const more = differences.length > MAX_DIFFERENCES ? `; and ${differences.length - MAX_DIFFERENCES} more` : ''
    const list = `${differences.slice(0, MAX_DIFFERENCES).join('; ')}${more}`
    throw new CuemuxError(
      name === 'source' ? 'SOURCE_CHANGED' : 'BAD_REQUEST',
      `The checkpoint ${this.#file} is of a job with ${name === 'source' ? 'another source' : 'other settings'}: ${list}.`,
      { hint: 'Run the job as it was, or remove this file to begin anew.' },
    )
  }

  #unusable(reason: string): CuemuxError {
    return new CuemuxError('BAD_REQUEST', `The checkpoint ${this.#file} can't be used: ${reason}.`, {
      hint: 'Remove this file to begin anew.',
    })
  }
}

function keyOf({ rung, segment }: { readonly rung: string; readonly segment?: number }): string {
  return `${segment ?? 'init'}/${rung}`
}

/** Only the fields that the schema knows, in one order. */
function plainSegment(segment: CheckpointSegment): CheckpointSegment {
  const {
    rung,
    path: name,
    address,
    url,
    cid,
    checksum,
    timescale,
    start,
    duration,
    keyframeRange,
    sizeBytes,
  } = segment
  return {
    rung,
    ...(segment.segment === undefined ? {} : { segment: segment.segment }),
    path: name,
    address,
    ...(url === undefined ? {} : { url }),
    ...(cid === undefined ? {} : { cid }),
    ...(checksum === undefined ? {} : { checksum }),
    timescale,
    start,
    duration,
    ...(keyframeRange === undefined
      ? {}
      : { keyframeRange: { offset: keyframeRange.offset, length: keyframeRange.length } }),
    sizeBytes,
  }
}

/** The job as JSON has it, so that it compares equal with what is read. */
async function plainJob(job: CheckpointJob): Promise<CheckpointJob> {
  let plain: object
  try {
    plain = JSON.parse(JSON.stringify({ settings: job.settings, source: job.source })) as object
  } catch (error) {
    throw toCuemuxError(error, 'BAD_REQUEST', "A job's settings and source must be plain data")
  }
  const errors = await findCheckpointErrors('job', plain)
  if (errors.length > 0) throw new CuemuxError('BAD_REQUEST', `This is no job: ${errors.join(' ')}`)
  return plain as CheckpointJob
}

/** SHA-256 of a job, whatever the order of its fields. */
function hashOf(job: CheckpointJob): string {
  return createHash('sha256').update(canonical(job)).digest('hex')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}

function differencesOf(name: string, stored: JsonValue | undefined, given: JsonValue | undefined): string[] {
  if (canonicalOrNothing(stored) === canonicalOrNothing(given)) return []
  if (isBranch(stored) && isBranch(given) && Array.isArray(stored) === Array.isArray(given)) {
    const fields = new Set([...Object.keys(stored), ...Object.keys(given)])
    const before = stored as Readonly<Record<string, JsonValue>>
    const now = given as Readonly<Record<string, JsonValue>>
    return [...fields].flatMap(field => differencesOf(`${name}.${field}`, before[field], now[field]))
  }
  return [`${name} was ${shown(stored)}, is now ${shown(given)}`]
}

function isBranch(value: JsonValue | undefined): value is readonly JsonValue[] | JsonObject {
  return typeof value === 'object' && value !== null
}

function canonicalOrNothing(value: JsonValue | undefined): string | undefined {
  return value === undefined ? undefined : canonical(value)
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? 'not given' : JSON.stringify(value).slice(0, 80)
}
