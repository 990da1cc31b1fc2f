/**
 * Draws frames, as a render farm does, and publishes them in two sizes while they are made.
 *
 *     node examples/dist/frames-to-hls.js out 10
 */
import { join } from 'node:path'
import { folderStore } from '@cuemux/store'
import { CuemuxError, createLadder } from 'cuemux'

const [folder, seconds = '10'] = process.argv.slice(2)
if (folder === undefined) {
  console.error('Usage: node examples/dist/frames-to-hls.js FOLDER [SECONDS]')
  process.exit(2)
}

const [width, height, framesPerSecond] = [640, 360, 30]
const store = folderStore({ folder })

/** A bar that goes from left to right. */
function draw(frame: Uint8Array, n: number): void {
  const bar = (n * 4) % width
  for (let i = 0; i < width * height; i++) {
    const isBar = Math.abs((i % width) - bar) < 20
    frame.fill(isBar ? 255 : 40, i * 3, i * 3 + 3)
  }
}

try {
  const ladder = await createLadder({
    frames: { format: 'rgb24', width, height, frameRate: [framesPerSecond, 1] },
    rungs: [
      { height: 360, bitrateBps: 800_000 },
      { height: 180, bitrateBps: 200_000 },
    ],
    segmentDurationMs: 2000,
    store,
    onPlaylist: ({ rungs }) => console.log(Object.values(rungs).map(rung => `${rung.height}p: ${rung.segments}`)),
  })

  const frame = new Uint8Array(width * height * 3)
  for (let n = 0; n < Number(seconds) * framesPerSecond && ladder.isOpen; n++) {
    draw(frame, n)
    // The wait keeps the caller from being faster than the encoders: the frame may be drawn into again then.
    await ladder.writeFrame(frame)
  }

  // The end of the input: the last segments are stored, and the playlists ended.
  await ladder.close()
  console.log(`Play ${join(folder, 'master.m3u8')}`)
} catch (error) {
  if (!(error instanceof CuemuxError)) throw error
  console.error(error.describe())
  process.exitCode = 1
} finally {
  await store.close()
}
