/** What the page keeps between visits: settings for all films, and where each film was left. */

const SETTINGS_KEY = 'cuemux.settings'
const POSITIONS_KEY = 'cuemux.positions'
/** The films left longest ago are forgotten. */
const MAX_POSITIONS = 200

/** Nothing is remembered before this time, s: whoever looked in for a moment starts from the beginning. */
const FIRST_KEPT = 5

/** What a viewer chose, for all films. */
export interface Settings {
  /** 0…1. */
  readonly volume?: number
  readonly isMuted?: boolean
  /** BCP 47, of the sound. */
  readonly audio?: string
  /** BCP 47, of the subtitles; `off` for none. */
  readonly text?: string
}

interface Position {
  /** Where the film was left, s. */
  readonly at: number
  /** When, ms since 1970. */
  readonly savedAt: number
}

/** The settings; those that another version or a hand has broken are left out. */
export function readSettings(): Settings {
  const { volume, isMuted, audio, text } = readObject(SETTINGS_KEY)
  return {
    ...(typeof volume === 'number' && volume >= 0 && volume <= 1 ? { volume } : {}),
    ...(typeof isMuted === 'boolean' ? { isMuted } : {}),
    ...(typeof audio === 'string' ? { audio } : {}),
    ...(typeof text === 'string' ? { text } : {}),
  }
}

/** Changes some of the settings. */
export function keepSettings(changed: Settings): void {
  write(SETTINGS_KEY, { ...readSettings(), ...changed })
}

/** Where a film was left, s; `undefined` where it is to start from its beginning. */
export function readPosition(filmId: string): number | undefined {
  return readPositions().get(filmId)?.at
}

/** Keeps where a film is left, s; near its beginning or its end it is forgotten. */
export function keepPosition(filmId: string, at: number, duration: number): void {
  const positions = readPositions()
  positions.delete(filmId)
  const left = duration - at
  if (at >= FIRST_KEPT && left > Math.max(3, 0.02 * duration)) positions.set(filmId, { at, savedAt: Date.now() })
  const newest = [...positions].sort(([, a], [, b]) => b.savedAt - a.savedAt).slice(0, MAX_POSITIONS)
  write(POSITIONS_KEY, Object.fromEntries(newest))
}

function readPositions(): Map<string, Position> {
  const positions = new Map<string, Position>()
  for (const [id, entry] of Object.entries(readObject(POSITIONS_KEY))) {
    const { at, savedAt } = (entry ?? {}) as { at?: unknown; savedAt?: unknown }
    if (typeof at === 'number' && at >= 0 && typeof savedAt === 'number') positions.set(id, { at, savedAt })
  }
  return positions
}

function readObject(key: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {} // no storage, or no JSON in it
  }
}

function write(key: string, value: object): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // A browser that keeps nothing forgets; it plays all the same.
  }
}
