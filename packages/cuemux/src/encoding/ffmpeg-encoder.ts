import { homedir } from 'node:os'
import path from 'node:path'
import { type ByteSource, CuemuxError, type Demuxer, type ReadOptions } from '@cuemux/core'
import {
  type Capabilities,
  EncoderHealth,
  FfmpegRegistry,
  LoopbackServer,
  locateFfmpeg,
  measureCapabilities,
  type RegistryOptions,
} from '@cuemux/ffmpeg'
import { openAudioEncoding } from './audio-encoding.js'
import { openForeignFilm } from './foreign-film.js'
import type { EncoderOptions } from './options.js'
import { processOwner } from './process-owner.js'
import type { EncoderService, EncodingRequest, TilesRequest, TrackEncoding } from './service.js'
import { makeTiles } from './tiles.js'
import { openVideoEncoding } from './video-encoding.js'

/** The encoder by ffmpeg: its processes, what it can do here, and the addresses at which it reads films. */
export class FfmpegEncoder implements EncoderService {
  readonly options: EncoderOptions
  /** Addresses at which ffmpeg reads a film through its source. */
  readonly loopback: LoopbackServer = new LoopbackServer()
  /** Which families of encoders can be used now. */
  readonly health: EncoderHealth
  #registry: Promise<FfmpegRegistry> | undefined
  #capabilities: Promise<Capabilities> | undefined

  constructor(options: EncoderOptions) {
    this.options = options
    this.health = new EncoderHealth({
      onTrouble: ({ family, message }) => options.onEvent?.({ type: 'encoder-trouble', family, reason: message }),
    })
  }

  /** @throws CuemuxError `ENCODER_MISSING` without ffmpeg */
  registry(): Promise<FfmpegRegistry> {
    this.#registry ??= this.#locate()
    // ffmpeg may be installed while this runs.
    this.#registry.catch(() => {
      this.#registry = undefined
    })
    return this.#registry
  }

  async #locate(): Promise<FfmpegRegistry> {
    const { ffmpeg, maxProcesses, stallTimeoutMs } = this.options
    const found = await locateFfmpeg(ffmpeg === undefined ? {} : { ffmpeg })
    return registryFor({ ffmpegPath: found.ffmpeg, maxProcesses, stallMs: stallTimeoutMs })
  }

  /** What ffmpeg can do here: measured once, and kept between processes. */
  async capabilities(signal: AbortSignal | undefined): Promise<Capabilities> {
    const { ffmpegPath } = await this.registry()
    this.#capabilities ??= measureCapabilities(ffmpegPath, { cacheFile: cacheFile() })
    this.#capabilities.catch(() => {
      this.#capabilities = undefined
    })
    const measured = await this.#capabilities
    if (signal?.aborted) throw new CuemuxError('ABORTED', 'The operation was aborted.')
    return measured
  }

  async open(request: EncodingRequest): Promise<TrackEncoding> {
    const { track } = request.decision
    if (track.kind === 'audio') return openAudioEncoding(this, request, track)
    if (track.kind === 'video') return openVideoEncoding(this, request, track)
    throw new CuemuxError('UNSUPPORTED_CODEC', `Track ${track.id} is neither picture nor sound.`)
  }

  async openForeign(source: ByteSource, options: ReadOptions): Promise<Demuxer> {
    return openForeignFilm(this, source, options)
  }

  async makeTiles(request: TilesRequest): Promise<Uint8Array> {
    return makeTiles(await this.registry(), request)
  }

  async availability(): Promise<{ isAvailable: boolean; hint: string | undefined }> {
    try {
      await this.registry()
      return { isAvailable: true, hint: undefined }
    } catch (error) {
      const hint = error instanceof CuemuxError ? (error.hint ?? error.message) : undefined
      return { isAvailable: false, hint }
    }
  }
}

function cacheFile(): string {
  const folder = process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache')
  return path.join(folder, 'cuemux', 'encoders.json')
}

/** Processes by what they are started with: limits hold for the whole program. */
const registries = new Map<string, FfmpegRegistry>()

const onStart: NonNullable<RegistryOptions['onStart']> = (pid, exit) => processOwner.getStore()?.(pid, exit)

/** The registry with these limits: one for the program. */
export function registryFor(options: RegistryOptions): FfmpegRegistry {
  const key = JSON.stringify(options)
  const registry = registries.get(key) ?? new FfmpegRegistry({ ...options, onStart })
  registries.set(key, registry)
  return registry
}

/** By whom they tell of their troubles, and by the other options. */
const encoders = new WeakMap<object, Map<string, FfmpegEncoder>>()
const NOBODY = {}

/** The encoder for these options: one for a program and a listener. */
export function ffmpegEncoder(options: EncoderOptions): FfmpegEncoder {
  const { onEvent = NOBODY, ...named } = options
  const told = encoders.get(onEvent) ?? new Map<string, FfmpegEncoder>()
  encoders.set(onEvent, told)
  const key = JSON.stringify(named)
  const encoder = told.get(key) ?? new FfmpegEncoder(options)
  told.set(key, encoder)
  return encoder
}
