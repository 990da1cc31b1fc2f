const REACH = 9_600

/** Signal-to-noise ratio of `b`, moved by `shift`, against `a` over a range of samples, dB. */
export function signalToNoise(a: Int16Array, b: Int16Array, shift: number, from: number, to: number): number {
  let [signal, noise] = [0, 0]
  for (let i = Math.max(0, from); i < Math.min(a.length, to); i++) {
    const value = a[i] ?? 0
    const difference = value - (b[i + shift] ?? 0)
    signal += value * value
    noise += difference * difference
  }
  return 10 * Math.log10((signal + 1) / (noise + 1))
}

/** The shift, in samples, at which `b` is most like `a`: coarse steps first, then each sample around the best. */
export function findShift(a: Int16Array, b: Int16Array): number {
  const from = Math.max(REACH, Math.min(96_000, a.length >> 2))
  const length = Math.min(48_000, a.length - from - REACH - 1)
  const difference = (shift: number, step: number): number => {
    let sum = 0
    for (let i = from; i < from + length; i += step) sum += ((a[i] ?? 0) - (b[i + shift] ?? 0)) ** 2
    return sum
  }
  const best = (first: number, last: number, stride: number, step: number): number => {
    let [found, least] = [first, Number.POSITIVE_INFINITY]
    for (let shift = first; shift <= last; shift += stride) {
      const sum = difference(shift, step)
      if (sum < least) [found, least] = [shift, sum]
    }
    return found
  }
  const coarse = best(-REACH, REACH, 4, 16)
  return best(coarse - 4, coarse + 4, 1, 1)
}

/** How well sound survives at given places, and elsewhere. */
export interface JoinQuality {
  /** The worst ratio at a join, dB. */
  readonly worstJoin: number
  /** The ratio that 98 % of the places away from joins reach, dB. */
  readonly elsewhere: number
}

/** Compares the sound around joins with the sound elsewhere: a click or a gap stands out. Joins in samples. */
export function joinQuality(a: Int16Array, b: Int16Array, shift: number, joins: readonly number[]): JoinQuality {
  const around = (centre: number): number => signalToNoise(a, b, shift, centre - 1536, centre + 1536)
  const away: number[] = []
  for (let centre = 24_000; centre < Math.min(a.length, b.length - shift) - 24_000; centre += 4_000) {
    if (joins.every(join => Math.abs(join - centre) > 4_608)) away.push(around(centre))
  }
  away.sort((x, y) => x - y)
  return {
    worstJoin: Math.min(...joins.map(around)),
    elsewhere: away[Math.floor(away.length / 50)] ?? Number.NEGATIVE_INFINITY,
  }
}
