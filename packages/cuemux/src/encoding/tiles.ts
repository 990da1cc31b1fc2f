import { CuemuxError } from '@cuemux/core'
import type { FfmpegRegistry } from '@cuemux/ffmpeg'
import type { TilesRequest } from './service.js'

/** An image of so many bytes is no image of tiles. */
const MAX_IMAGE_BYTES = 16 << 20
/** Quality of JPEG, 2 (best) to 31. */
const QUALITY = '5'

/** Scales keyframes to tiles and puts them into one JPEG. */
export async function makeTiles(ffmpeg: FfmpegRegistry, request: TilesRequest): Promise<Uint8Array> {
  const { columns, rows, width, height, pieces, signal } = request
  const filter = `scale=${width}:${height},setsar=1,format=yuvj420p,tile=${columns}x${rows}`
  const args = [
    ...['-hide_banner', '-loglevel', 'warning', '-nostats', '-threads', '1', '-protocol_whitelist', 'pipe'],
    ...['-f', 'mp4', '-i', 'pipe:0', '-an', '-sn', '-dn', '-fps_mode', 'passthrough', '-vf', filter],
    ...['-frames:v', '1', '-c:v', 'mjpeg', '-q:v', QUALITY, '-f', 'image2pipe', 'pipe:1'],
  ]
  const child = await ffmpeg.start({ args, stdin: 'media', signal })
  const done = child.expect()
  const parts: Buffer[] = []
  let length = 0
  child.stdout.on('data', (part: Buffer) => {
    length += part.length
    if (length <= MAX_IMAGE_BYTES) parts.push(part)
  })
  // ffmpeg may end before it has read all: what it didn't want is no failure.
  child.stdin.on('error', () => {})
  for (const piece of pieces) child.stdin.write(piece)
  child.stdin.end()
  const { status } = await child.exit
  done()
  if (signal?.aborted) throw new CuemuxError('ABORTED', 'The operation was aborted.')
  if (status !== 0 || length === 0 || length > MAX_IMAGE_BYTES) throw child.failure('The pictures could not be made')
  return Buffer.concat(parts)
}
