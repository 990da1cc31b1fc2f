/** Cells of the clock at the bottom of a film's frames: white, black, 16 bits, their parity, white; see scripts/make-sample.sh. */
export const CLOCK_CELLS = 20

/** The number in a row of grey levels (0…255). Throws where the row is no clock. */
export function readCells(levels: readonly number[]): number {
  const unclear = levels.find(level => level > 64 && level < 192)
  const row = levels.map(level => (level > 128 ? 1 : 0))
  const [white, black] = row
  const bits = row.slice(2, 18)
  const parity = bits.reduce<number>((sum, bit) => sum ^ bit, 0)
  const isClock = white === 1 && black === 0 && row[18] === parity && row[19] === 1
  if (unclear !== undefined || !isClock) throw new Error(`no clock in the picture: ${levels.map(Math.round)}`)
  return Number.parseInt(bits.join(''), 2)
}
