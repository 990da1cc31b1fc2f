/**
 * Where a channel's loudspeaker stands, by ffmpeg's names. Orders within a layout are ffmpeg's native ones, in which
 * every decoder gives its channels.
 */
type Speaker = 'FL' | 'FR' | 'FC' | 'LFE' | 'BL' | 'BR' | 'BC' | 'SL' | 'SR' | 'FLC' | 'FRC'

/** Layouts by ffmpeg's names. */
const LAYOUTS: Readonly<Record<string, readonly Speaker[]>> = {
  mono: ['FC'],
  stereo: ['FL', 'FR'],
  '2.1': ['FL', 'FR', 'LFE'],
  '3.0': ['FL', 'FR', 'FC'],
  '3.0(back)': ['FL', 'FR', 'BC'],
  '3.1': ['FL', 'FR', 'FC', 'LFE'],
  quad: ['FL', 'FR', 'BL', 'BR'],
  'quad(side)': ['FL', 'FR', 'SL', 'SR'],
  '4.0': ['FL', 'FR', 'FC', 'BC'],
  '4.1': ['FL', 'FR', 'FC', 'LFE', 'BC'],
  '5.0': ['FL', 'FR', 'FC', 'BL', 'BR'],
  '5.0(side)': ['FL', 'FR', 'FC', 'SL', 'SR'],
  '5.1': ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR'],
  '5.1(side)': ['FL', 'FR', 'FC', 'LFE', 'SL', 'SR'],
  '6.0': ['FL', 'FR', 'FC', 'BC', 'SL', 'SR'],
  '6.1': ['FL', 'FR', 'FC', 'LFE', 'BC', 'SL', 'SR'],
  '6.1(back)': ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'BC'],
  '7.0': ['FL', 'FR', 'FC', 'BL', 'BR', 'SL', 'SR'],
  '7.1': ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'SL', 'SR'],
  '7.1(wide)': ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC'],
  '7.1(wide-side)': ['FL', 'FR', 'FC', 'LFE', 'FLC', 'FRC', 'SL', 'SR'],
}
/** ffmpeg's own guess at a layout by the number of channels. */
const BY_COUNT: readonly string[] = ['', 'mono', 'stereo', '2.1', '4.0', '5.0', '5.1', '6.1', '7.1']

/** The layout to take a source for, and its loudspeakers; `undefined` where none of that many channels is known. */
export function findLayout(channels: number, layout: string | undefined): string | undefined {
  if (layout !== undefined && LAYOUTS[layout]?.length === channels) return layout
  return BY_COUNT[channels] || undefined
}

type Weights = Readonly<Partial<Record<Speaker, number>>>

/** −3 dB, as a fraction of the amplitude. */
const HALF_POWER = Math.SQRT1_2

/** Amplitudes beside that of the front: the centre 1.4 dB under it, the surround channels 4.4 dB. */
const [CENTRE, SURROUND] = [0.85, 0.6]

/**
 * Stereo out of anything, as weights before they are made to fit. ITU-R BS.775-3 Annex 4 has centre and surround 3 dB
 * under the front; dialogue, which is in the centre, gets 1.6 dB more here, and what may cover it 1.4 dB less: enough to
 * be understood, and still the mix that was made. The low-frequency channel is left out as there and in
 * ETSI TS 102 366 §6.8: small loudspeakers distort by it.
 */
const STEREO: readonly [Weights, Weights] = [
  { FL: 1, FC: CENTRE, BL: SURROUND, SL: SURROUND, BC: SURROUND * HALF_POWER, FLC: 1 },
  { FR: 1, FC: CENTRE, BR: SURROUND, SR: SURROUND, BC: SURROUND * HALF_POWER, FRC: 1 },
]

/**
 * 5.1 out of 6.1, 7.1 and what lies between. The front stays as it is; where two channels share a loudspeaker each gives
 * half of its amplitude.
 */
const FIVE_ONE: readonly Weights[] = [
  { FL: 1, FLC: 0.5 },
  { FR: 1, FRC: 0.5 },
  { FC: 1 },
  { LFE: 1 },
  { BL: 1, SL: 1, BC: HALF_POWER },
  { BR: 1, SR: 1, BC: HALF_POWER },
]

/** One output channel as weights of the input's channels. */
export type MixRow = readonly number[]

/**
 * The matrix from a layout to 2 or 6 channels. It cannot clip: the weights of an output channel add up to 1 at most.
 * Stereo divides all weights by the larger of its two sums, so that the balance of the channels is kept; 5.1 divides
 * each row by its own, so that the front is not made softer for the sake of the surround channels.
 */
export function mixMatrix(layout: string, channelsOut: 2 | 6): readonly MixRow[] {
  const speakers = LAYOUTS[layout] ?? []
  const targets = channelsOut === 2 ? STEREO : FIVE_ONE
  const rows = targets.map(weights => speakers.map(speaker => weights[speaker] ?? 0))
  const sums = rows.map(row => row.reduce((sum, weight) => sum + weight, 0))
  const shared = Math.max(...sums)
  return rows.map((row, index) => {
    const divisor = channelsOut === 2 ? shared : Math.max(1, sums[index]!)
    return divisor === 0 ? row : row.map(weight => weight / divisor)
  })
}

/** A matrix for ffmpeg's `pan`; channels by number, so that side and back loudspeakers can't be mistaken. */
export function panFilter(rows: readonly MixRow[], layoutOut: string): string {
  const channels = rows.map((row, output) => {
    const terms = row.flatMap((weight, input) => (weight === 0 ? [] : [`${Number(weight.toFixed(6))}*c${input}`]))
    return `c${output}=${terms.length === 0 ? '0*c0' : terms.join('+')}`
  })
  return `pan=${layoutOut}|${channels.join('|')}`
}
