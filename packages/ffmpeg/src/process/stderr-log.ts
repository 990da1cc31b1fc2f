/** Lines of stderr that are kept: the reason of a failure is among the last. */
const MAX_LINES = 64
const MAX_LINE_CHARACTERS = 2000

/** How far an ffmpeg process is, as its `-progress` says. */
export interface FfmpegProgress {
  /** Pictures written; 0 without video. */
  readonly frames: number
  /** End of what was written, µs on the output's clock; `undefined` before the first packet. */
  readonly outTimeUs: number | undefined
  /** Film time per wall time; `undefined` while ffmpeg doesn't know. */
  readonly speed: number | undefined
}

/** The keys of `-progress` that count; all others are passed over. */
const PROGRESS_LINE =
  /^(frame|fps|out_time_us|out_time_ms|out_time|speed|progress|bitrate|total_size|dup_frames|drop_frames|stream_\d+_\d+_q)=\s*(.*)$/

/** Splits what ffmpeg writes to stderr into lines, keeps the last ones, and takes `-progress pipe:2` out of them. */
export class StderrLog {
  readonly #lines: string[] = []
  #rest = ''
  #progress: FfmpegProgress = { frames: 0, outTimeUs: undefined, speed: undefined }

  /** The last lines, oldest first, without those of `-progress`. */
  get lines(): readonly string[] {
    return this.#rest === '' ? this.#lines : [...this.#lines, this.#rest]
  }

  /** How far the process is. */
  get progress(): FfmpegProgress {
    return this.#progress
  }

  /** Takes a piece of the stream; a line may be cut anywhere. */
  push(text: string): void {
    const parts = (this.#rest + text).split(/[\r\n]+/)
    this.#rest = (parts.pop() ?? '').slice(0, MAX_LINE_CHARACTERS)
    for (const part of parts) this.#pushLine(part)
  }

  #pushLine(line: string): void {
    if (line === '' || this.#takeProgress(line)) return
    this.#lines.push(line.slice(0, MAX_LINE_CHARACTERS))
    if (this.#lines.length > MAX_LINES) this.#lines.shift()
  }

  #takeProgress(line: string): boolean {
    const [, key, value = ''] = PROGRESS_LINE.exec(line) ?? []
    if (key === undefined) return false
    const number = Number.parseFloat(value)
    if (!Number.isFinite(number)) return true
    if (key === 'frame') this.#progress = { ...this.#progress, frames: number }
    else if (key === 'out_time_us') this.#progress = { ...this.#progress, outTimeUs: number }
    else if (key === 'speed') this.#progress = { ...this.#progress, speed: number }
    return true
  }
}
