import type { Page } from 'playwright-core'

/** A tone that was heard. */
export interface HeardTone {
  /** Hz, of the left channel. */
  readonly frequency: number
  /** The middle of what was listened to, s on the video's timeline. */
  readonly atSeconds: number
}

/** What the page keeps to listen with. */
interface Ear {
  readonly context: AudioContext
  readonly left: AnalyserNode
}

/** Leads the page's sound through Web Audio, where {@link heardFrequency} listens to it. Once for a page. */
export async function hear(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const context = new AudioContext({ sampleRate: 48_000 })
    const source = context.createMediaElementSource(window.cuemux.video)
    const splitter = context.createChannelSplitter(2)
    const left = new AnalyserNode(context, { fftSize: 4096 })
    source.connect(splitter)
    splitter.connect(left, 0)
    source.connect(context.destination)
    await context.resume()
    Object.assign(window, { ear: { context, left } satisfies Ear })
  })
}

/**
 * Listens to 85 ms of the left channel a few times while the page plays, and answers the time that fits in the middle of
 * what it found: a machine that is busy elsewhere loses some of them. A tone alone crosses zero as often as it swings.
 */
export async function heardFrequency(page: Page): Promise<HeardTone> {
  const heard = await page.evaluate(async () => {
    const { context, left } = (window as unknown as { ear: Ear }).ear
    const { video } = window.cuemux
    const wave = new Float32Array(left.fftSize)
    const tones: { frequency: number; atSeconds: number }[] = []
    for (let tries = 0; tries < 20 && tries - 15 < tones.length; tries++) {
      await new Promise(resolve => setTimeout(resolve, 30))
      left.getFloatTimeDomainData(wave)
      const atSeconds = video.currentTime - wave.length / 2 / context.sampleRate
      const crossings: number[] = []
      for (let i = 1; i < wave.length; i++) {
        const [before = 0, after = 0] = [wave[i - 1], wave[i]]
        if (before < 0 && after >= 0) crossings.push(i - after / (after - before))
      }
      const [first = 0] = crossings
      const swings = crossings.length - 1
      const length = (crossings[swings] ?? 0) - first
      if (swings < 10) continue
      tones.push({ frequency: (swings * context.sampleRate) / length, atSeconds })
      if (tones.length === 5) break
    }
    return tones
  })
  // How far each lies from the line through its time says nothing here: the tone rises by 38 Hz a second.
  const byRest = heard
    .map(tone => ({ tone, rest: tone.frequency - 38 * tone.atSeconds }))
    .sort((a, b) => a.rest - b.rest)
  const middle = byRest[Math.floor(byRest.length / 2)]
  if (middle === undefined) throw new Error('there is no sound')
  return middle.tone
}
