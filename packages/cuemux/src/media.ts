import {
  type ByteSource,
  CuemuxError,
  type Demuxer,
  type MediaIndex,
  throwIfAborted,
  toCuemuxError,
} from '@cuemux/core'
import { type Decision, decide, resolveClient } from '@cuemux/planner'
import type { ClientInput } from './client.js'
import type { HlsOptions } from './hls-options.js'
import { describeMedia, type MediaInfo } from './info.js'
import { type MediaInput, type Platform, type SourceOptions, sourceFor } from './input.js'
import { type JoinedPresentation, joinPresentations } from './joined.js'
import { createPresentation, type HlsPresentation } from './presentation.js'
import { type MediaStream, openStream, type StreamOptions } from './stream.js'

/** Options of {@link openMedia}. */
export interface OpenOptions extends SourceOptions {
  /** Ends the opening early with `ABORTED`. */
  readonly signal?: AbortSignal
  /** Told how far a search for keyframes has come, where a film has no index. */
  readonly onProgress?: (progress: { readonly readBytes: number; readonly totalBytes: number | undefined }) => void
}

/** What becomes of a track for a client, and why. */
export interface TrackDecision extends Decision {
  readonly trackId: number
  readonly kind: 'video' | 'audio' | 'text'
}

/** An open film. */
export interface Media {
  readonly source: ByteSource
  readonly demuxer: Demuxer
  readonly index: MediaIndex
  /** What is known of the film, as plain JSON. */
  readonly info: MediaInfo
  /** What becomes of each track for a client (default `browser`), and why. */
  decisions(client?: ClientInput): readonly TrackDecision[]
  /**
   * The film as an HLS presentation, every resource of which is made when it is asked for.
   *
   * @throws CuemuxError `UNSUPPORTED_CODEC` when no track plays at the client, `BAD_REQUEST`
   */
  hls(options?: HlsOptions): Promise<HlsPresentation>
  /**
   * The film, or a part of it, as one continuous fragmented MP4.
   *
   * @throws CuemuxError as {@link Media.hls}
   */
  stream(options?: StreamOptions): Promise<MediaStream>
  /** Gives back what the source holds open. */
  close(): Promise<void>
}

/** First bytes read of a film: enough to name the format, and the head of most films. */
const HEAD_BYTES = 64 * 1024

/** `openMedia` for a platform. */
export function createOpenMedia(platform: Platform): (input: MediaInput, options?: OpenOptions) => Promise<Media> {
  return async (input, options) => {
    const checked = platform.validate('open', options)
    const { signal, onProgress: _, ...sourceOptions } = checked
    throwIfAborted(signal)
    const source = await sourceFor(input, sourceOptions, platform)
    try {
      const demuxer = await openDemuxer(source, checked)
      return new OpenMedia(source, demuxer, sourceOptions.name ?? source.name, platform)
    } catch (error) {
      await source.close?.()
      throw toCuemuxError(error, 'CORRUPT_INDEX', 'The film cannot be read')
    }
  }
}

async function openDemuxer(source: ByteSource, { signal, onProgress }: OpenOptions): Promise<Demuxer> {
  const head = await source.read(0, HEAD_BYTES, { signal })
  if (head.byteLength === 0) {
    throw new CuemuxError('UNSUPPORTED_CONTAINER', `${source.name || 'The input'} is empty.`, {
      at: { offsetBytes: 0 },
    })
  }
  const given = {
    head,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined
      ? {}
      : { onProgress: (readBytes: number, totalBytes: number) => onProgress({ readBytes, totalBytes }) }),
  }
  // Each format's package is loaded when a film of its kind is opened: start-up costs what is used.
  if (startsWithEbml(head)) {
    const { openMatroska } = await import('@cuemux/matroska')
    return openMatroska(source, given)
  }
  const { isMp4, openMp4 } = await import('@cuemux/mp4')
  if (isMp4(head)) return openMp4(source, given)
  const { isMpegTs, openMpegTs } = await import('@cuemux/mpegts')
  if (isMpegTs(head)) return openMpegTs(source, given)
  throw new CuemuxError(
    'UNSUPPORTED_CONTAINER',
    `${source.name || 'The input'} is no film in a container that Cuemux reads.`,
    {
      at: { offsetBytes: 0 },
      hint: 'Matroska, WebM, MP4, MOV, M4A and MPEG-TS are read.',
    },
  )
}

/** RFC 8794 §8.1: every EBML document starts with the id of its header. */
function startsWithEbml(head: Uint8Array): boolean {
  return head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3
}

/**
 * Films one after the other as one presentation, with a discontinuity between two.
 *
 * @param films opened by this module's `openMedia`; they stay the caller's to close
 * @throws CuemuxError as {@link Media.hls}; `BAD_REQUEST` for none, or for films with a picture beside films without one
 */
export async function joinMedia(films: readonly Media[], options?: HlsOptions): Promise<JoinedPresentation> {
  return joinPresentations(
    await Promise.all(films.map(({ source, demuxer }) => createPresentation(source, demuxer, options ?? {}))),
  )
}

class OpenMedia implements Media {
  readonly source: ByteSource
  readonly demuxer: Demuxer
  readonly info: MediaInfo
  readonly #platform: Platform

  constructor(source: ByteSource, demuxer: Demuxer, name: string, platform: Platform) {
    this.source = source
    this.demuxer = demuxer
    this.info = describeMedia(name, demuxer.index)
    this.#platform = platform
  }

  get index(): MediaIndex {
    return this.demuxer.index
  }

  decisions(client: ClientInput = 'browser'): readonly TrackDecision[] {
    const profile = resolveClient(client)
    return this.index.tracks.map(track => ({ trackId: track.id, kind: track.kind, ...decide(track, profile) }))
  }

  async hls(options?: HlsOptions): Promise<HlsPresentation> {
    return createPresentation(this.source, this.demuxer, this.#platform.validate('hls', options))
  }

  async stream(options?: StreamOptions): Promise<MediaStream> {
    return openStream(this.demuxer, this.#platform.validate('stream', options))
  }

  async close(): Promise<void> {
    await this.source.close?.()
  }
}
