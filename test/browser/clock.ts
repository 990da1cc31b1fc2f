import type { Page } from 'playwright-core'
import { CLOCK_CELLS, readCells } from '../hls-check/clock-cells.js'

/** A frame of the sample film as the browser showed it. */
export interface ShownFrame {
  /** The frame's number, read from its picture. */
  readonly frame: number
  /** When the frame is due on the presentation's timeline, s (`requestVideoFrameCallback`). */
  readonly mediaTime: number
}

/** Frames per second of the sample film. */
export const SAMPLE_RATE = 24

/** Cells of the clock; how long a frame is shown, s; what the browser's times may be off by, s. */
const SHOWN = { cells: CLOCK_CELLS, frameLength: 1 / SAMPLE_RATE, tolerance: 0.005 }

/**
 * Waits for the next frame that the page's video shows and reads the row of cells at its bottom: white, black, 16 bits,
 * their parity, white. See scripts/make-sample.sh.
 */
export async function readShownFrame(page: Page): Promise<ShownFrame> {
  const { levels, mediaTime } = await page.evaluate(async ({ cells, frameLength, tolerance }) => {
    const { video } = window.cuemux
    const nextFrame = (): Promise<number> =>
      new Promise(resolve => {
        video.requestVideoFrameCallback((_, frame) => resolve(frame.mediaTime))
        // A paused video that has been shown already gives no callback until it is drawn again.
        if (video.paused) video.currentTime += 0
      })
    let mediaTime = await nextFrame()
    // Right after a seek the frame before it may be drawn once more: the browser's own time says so.
    const isCurrent = (): boolean => {
      const late = video.currentTime - mediaTime
      return late > -tolerance && late < frameLength + tolerance
    }
    for (let more = 0; more < 20 && video.paused && !isCurrent(); more++) mediaTime = await nextFrame()
    const canvas = document.createElement('canvas')
    canvas.width = video.videoWidth
    canvas.height = video.videoHeight
    const context = canvas.getContext('2d')
    if (context === null) throw new Error('no canvas')
    context.drawImage(video, 0, 0)
    const size = canvas.width / cells
    const levels = Array.from({ length: cells }, (_, i) => {
      const [red = 0, green = 0, blue = 0] = context.getImageData((i + 0.5) * size, canvas.height - size / 2, 1, 1).data
      return (red + green + blue) / 3
    })
    return { levels, mediaTime }
  }, SHOWN)
  return { frame: readCells(levels), mediaTime }
}
