const USUAL = [24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 100, 120000 / 1001, 120]

/** Further apart than what rounded time stamps make of a rate, nearer than 24 and 24000/1001 are to each other. */
const TOLERANCE = 2e-4

/** The usual rate that a measured one, pictures per second, stands for; the rate itself where it is near none. */
export function nearUsualRate(rate: number): number {
  return USUAL.find(usual => Math.abs(rate / usual - 1) < TOLERANCE) ?? rate
}
