import type { PublishStore, StoredFile, UploadRetryEvent } from '@cuemux/store'

/** A published file: its address in the store, and where anyone finds it, when the store was told (`gateway`, `publicUrl`). */
export interface LadderAddress {
  /** A path in a folder, `ipfs://CID` (with a path after it in a directory), or `s3://bucket/key`. */
  readonly address: string
  readonly url?: string
}

/** A rung or a sound as it is published by now. */
export interface PublishedRung extends LadderAddress {
  readonly kind: 'video' | 'audio'
  /** Size of the picture, pixels; not for sound. */
  readonly width?: number
  readonly height?: number
  /** Mean rate, bits/s: measured, as soon as there are segments. */
  readonly bitrateBps: number
  /** How many segments its playlist names. */
  readonly segments: number
}

/** A new version of the playlists. */
export interface LadderUpdate {
  /** The multivariant playlist. On IPFS it has another CID in each version. */
  readonly master: LadderAddress
  /** Every rung and sound, by name, with its media playlist. */
  readonly rungs: Readonly<Record<string, PublishedRung>>
  /** The last version: the playlists are complete and ended. */
  readonly isEnded: boolean
}

/** What became of a ladder. */
export interface LadderResult extends LadderUpdate {
  /** `manifest.mpd`, for DASH; not of transport streams, nor where the sound has a hole. */
  readonly manifest?: LadderAddress
  /** The directory of all files, of a store that has such a thing (IPFS): `ipfs://CID`. */
  readonly directory?: LadderAddress
  /** How many segments there are, in all renditions, and how many of them an earlier run had stored. */
  readonly segments: number
  readonly resumed: number
  /** Bytes of all segments. */
  readonly sizeBytes: number
  /** False after {@link Ladder.close} ended a film before its end. */
  readonly isComplete: boolean
}

/** How far a ladder is. */
export interface LadderJobProgress {
  /** How much of the film is encoded, and how long it is, ms. */
  readonly encodedMs: number
  readonly durationMs: number | undefined
  /** Encoded time by time that went by. */
  readonly speed: number
  /** About how long it still takes, ms, where that can be told. */
  readonly remainingMs: number | undefined
  /** Segments that are stored, in all renditions, those of earlier runs included. */
  readonly storedSegments: number
  /** Segments that wait for their upload. */
  readonly waitingSegments: number
  /** Bytes that this run has stored. */
  readonly uploadedBytes: number
}

/** What a ladder tells beside its playlists. */
export type LadderEvent =
  | {
      /** An earlier run's checkpoint was found. */
      readonly type: 'resumed'
      /** Segments that are stored and stay. */
      readonly segments: number
      /** Files that the checkpoint names, but that are gone or damaged: they are made again. */
      readonly missing: readonly string[]
    }
  | ({ readonly type: 'upload-retry' } & UploadRetryEvent)

/** Where a ladder goes, and how. */
export interface LadderPublishing {
  /** Where it is published: `folderStore`, `ipfsStore`, `kuboStore`, `s3Store` of `@cuemux/store`, or a `PublishStore` of your own. */
  readonly store: PublishStore
  /** The file that says what is stored; with it a job that ended early goes on where it was. It stays when the job is done. */
  readonly checkpoint?: string
  /** Ends the job as {@link Ladder.abort} does. */
  readonly signal?: AbortSignal
  /** Uploads at once (4), retries of each (5), half to all of the wait before the first one, ms (500). */
  readonly uploads?: { readonly concurrency?: number; readonly retries?: number; readonly firstDelayMs?: number }
  /** The least time between two versions of the playlists, ms. Default 1000. */
  readonly playlistIntervalMs?: number
  /** How long uploads, or `close`, may go on without anything being encoded or stored, ms: the job fails then. Default 300 000. */
  readonly patienceMs?: number
  readonly onPlaylist?: (update: LadderUpdate) => void
  /** At most four times a second. */
  readonly onProgress?: (progress: LadderJobProgress) => void
  readonly onEvent?: (event: LadderEvent) => void
}

/** A ladder at work. Iterating over it gives the versions of its playlists, the newest only to who is slow; it throws when the job fails. */
export interface Ladder extends AsyncIterable<LadderUpdate> {
  /** Whether it still takes input: false once it is closed, aborted, failed or done. */
  readonly isOpen: boolean
  /** The newest version; `undefined` before every rendition has a segment. */
  readonly current: LadderUpdate | undefined
  readonly progress: LadderJobProgress
  /**
   * Resolves when everything is stored and the playlists are ended.
   *
   * Rejects with `OUTPUT_FAILED` when an upload kept failing, `ENCODER_FAILED` and others of the input, `ABORTED`. What is stored stays: with a
   * checkpoint the same job goes on from there.
   */
  readonly done: Promise<LadderResult>
  /**
   * The input ends here: what is made by now is stored, and the playlists are ended. Resolves, or rejects as `done` does, in any case: when nothing goes
   * forward for `patienceMs`, the job fails.
   */
  close(): Promise<void>
  /** Gives up at once: nothing more is encoded or stored. Never rejects; `done` does, with `ABORTED`. */
  abort(reason?: unknown): Promise<void>
}

/** A ladder of frames that the caller pushes. */
export interface FrameLadder extends Ladder {
  /** Number of the first frame to be pushed: that of the whole film, but for a job that is taken up again. */
  readonly nextFrame: number | undefined
  /** Of pushed sound: number of the first sample to be pushed. */
  readonly nextAudioSample: number | undefined
  /**
   * Pushes a frame. Resolves when its bytes have been taken and another may come; they must not change until then. The wait is what keeps
   * a caller from being faster than the encoders: of more than 8 frames under way each further one is refused.
   *
   * @throws CuemuxError `CAPACITY` for a caller that doesn't wait, `BAD_REQUEST` for a frame of another size or after the end, and what ended the job
   */
  writeFrame(frame: Uint8Array): Promise<void>
  /**
   * Pushes sound that belongs to the frames: whole samples of all channels, interleaved. The bytes are copied.
   *
   * @throws CuemuxError `CAPACITY` for sound far ahead of the frames, `BAD_REQUEST`, and what ended the job
   */
  writeAudio(samples: Uint8Array): Promise<void>
  /** The last frame was pushed; `done` resolves when all is stored. {@link Ladder.close} does it, and waits. */
  endFrames(): void
}

/** The address of a stored file. */
export function addressOfFile({ address, url }: StoredFile): LadderAddress {
  return { address, ...(url === undefined ? {} : { url }) }
}
