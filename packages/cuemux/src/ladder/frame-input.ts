import { CuemuxError } from '@cuemux/core'
import { MAX_FRAMES_IN_FLIGHT } from './model.js'

/** A frame that was pushed, and how to say what became of it. */
export interface PushedFrame {
  readonly bytes: Uint8Array
  /** It has been taken; with an error, it can't be. */
  readonly settle: (error?: CuemuxError) => void
}

/** Frames on their way from the caller to the encoder. */
export class FrameInput {
  /** Bytes of a frame. */
  readonly frameBytes: number
  readonly #frames: PushedFrame[] = []
  #inFlight = 0
  #pushed = 0
  #hasEnded = false
  #error: CuemuxError | undefined
  #wake: () => void = () => {}

  constructor(frameBytes: number) {
    this.frameBytes = frameBytes
  }

  /** Frames that the caller has pushed and that were not refused. */
  get pushed(): number {
    return this.#pushed
  }

  /** @throws CuemuxError `CAPACITY`, `BAD_REQUEST`, and what has ended the job */
  write(bytes: Uint8Array): Promise<void> {
    const refusal = this.#refusal(bytes)
    if (refusal !== undefined) return Promise.reject(refusal)
    this.#inFlight++
    this.#pushed++
    return new Promise((resolve, reject) => {
      const settle = (error?: CuemuxError): void => {
        this.#inFlight--
        if (error === undefined) resolve()
        else reject(error)
      }
      this.#frames.push({ bytes, settle })
      this.#wake()
    })
  }

  /** No more frames come. */
  end(): void {
    this.#hasEnded = true
    this.#wake()
  }

  /** Refuses all frames from now on, those under way included. */
  fail(error: CuemuxError): void {
    this.#error ??= error
    for (const { settle } of this.#frames.splice(0)) settle(error)
    this.#wake()
  }

  /** The next frame; `undefined` behind the last one. */
  async take(): Promise<PushedFrame | undefined> {
    while (this.#frames.length === 0) {
      if (this.#error !== undefined) throw this.#error
      if (this.#hasEnded) return undefined
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.#frames.shift()
  }

  #refusal(bytes: Uint8Array): CuemuxError | undefined {
    if (this.#error !== undefined) return this.#error
    if (this.#hasEnded) return new CuemuxError('BAD_REQUEST', 'A frame came after the end of the frames.')
    if (!(bytes instanceof Uint8Array) || bytes.byteLength !== this.frameBytes) {
      const given = bytes instanceof Uint8Array ? `${bytes.byteLength} bytes` : typeof bytes
      return new CuemuxError('BAD_REQUEST', `A frame has ${this.frameBytes} bytes, not ${given}.`)
    }
    if (this.#inFlight < MAX_FRAMES_IN_FLIGHT) return undefined
    return new CuemuxError('CAPACITY', `${this.#inFlight} frames are under way: the encoder takes no more now.`, {
      hint: 'Wait for the promise of writeFrame before the next frame is written.',
    })
  }
}

/** Bytes of a raw picture; 4:2:0 has one sample of colour for two by two pixels, also at an odd edge. */
export function frameBytes(format: string, width: number, height: number): number {
  const pixels = width * height
  if (format === 'rgb24') return pixels * 3
  if (format === 'rgba') return pixels * 4
  return pixels + 2 * Math.ceil(width / 2) * Math.ceil(height / 2)
}
