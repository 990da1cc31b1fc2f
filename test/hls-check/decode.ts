import { runProgram } from '../support/process.js'
import { CLOCK_CELLS, readCells } from './clock-cells.js'

const ffmpeg = ['-hide_banner', '-nostdin', '-v', 'error']

/** A decoded frame: when it is shown, s, and a hash of its picture. */
export interface Frame {
  readonly time: number
  readonly hash: string
}

/** What the decoder complains of when it decodes the whole file; empty for a clean one. */
export async function decodeErrors(file: string): Promise<string[]> {
  const { stderr } = await runProgram('ffmpeg', [...ffmpeg, '-i', file, '-f', 'null', '-'])
  return stderr.split('\n').filter(line => line !== '' && !line.startsWith('[null @'))
}

/** The first video track's frames in presentation order. */
export async function decodeFrames(file: string): Promise<Frame[]> {
  const args = ['-noautorotate', '-i', file, '-map', '0:v:0', '-fps_mode', 'passthrough', '-copyts']
  const hashes = ['-enc_time_base', '1:90000', '-f', 'framemd5', '-']
  const { stdout } = await runProgram('ffmpeg', [...ffmpeg, ...args, ...hashes])
  return stdout
    .toString()
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const columns = line.split(',').map(column => column.trim())
      return { time: Number(columns[2]) / 90_000, hash: columns[5] ?? '' }
    })
}

/** Numbers of the frames of a film with a clock, in the order in which they are shown. */
export async function clockFrames(file: string): Promise<number[]> {
  const row = `crop=iw:iw/${CLOCK_CELLS}:0:ih-iw/${CLOCK_CELLS},scale=${CLOCK_CELLS}:1:flags=area,format=gray`
  const args = ['-i', file, '-map', '0:v:0', '-fps_mode', 'passthrough', '-vf', row, '-f', 'rawvideo', '-']
  const { stdout } = await runProgram('ffmpeg', [...ffmpeg, ...args])
  const count = stdout.length / CLOCK_CELLS
  return Array.from({ length: count }, (_, i) =>
    readCells([...stdout.subarray(i * CLOCK_CELLS, (i + 1) * CLOCK_CELLS)]),
  )
}

/** Sampling rate at which sound is compared, Hz. */
export const PCM_RATE = 48_000

/** The first audio track's left channel. */
export async function decodeSound(file: string): Promise<Int16Array> {
  const format = ['-map', '0:a:0', '-ac', '2', '-ar', String(PCM_RATE), '-f', 's16le', '-']
  const { stdout } = await runProgram('ffmpeg', [...ffmpeg, '-i', file, ...format])
  const left = new Int16Array(stdout.length >> 2)
  for (let i = 0; i < left.length; i++) left[i] = stdout.readInt16LE(i * 4)
  return left
}

/** Presentation time of the first frame that comes out of the decoder, s; `undefined` for a file without such a track. */
export async function firstTime(file: string, stream: 'v:0' | 'a:0'): Promise<number | undefined> {
  const what = ['-select_streams', stream, '-show_entries', 'frame=best_effort_timestamp_time']
  const { stdout } = await runProgram('ffprobe', [
    '-v',
    'error',
    ...what,
    '-read_intervals',
    '%+#2',
    '-of',
    'csv=p=0',
    file,
  ])
  const time = Number.parseFloat(stdout.toString())
  return Number.isNaN(time) ? undefined : time
}

/** Peak signal-to-noise ratio of the frames of two films, one after the other whatever their times, dB. */
export async function likeness(a: string, b: string): Promise<number> {
  const plain = 'settb=1/25,setpts=N,format=yuv420p'
  const graph = `[0:v]${plain}[a];[1:v][a]scale2ref[b][c];[b]${plain}[d];[c][d]psnr`
  const args = ['-hide_banner', '-nostdin', '-noautorotate', '-i', b, '-noautorotate', '-i', a, '-lavfi', graph]
  const { stderr } = await runProgram('ffmpeg', [...args, '-f', 'null', '-'])
  const average = /average:([\d.]+|inf)/.exec(stderr.toString())?.[1]
  return average === 'inf' ? Number.POSITIVE_INFINITY : Number(average)
}
