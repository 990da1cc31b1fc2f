import type { Demuxer, GroupStart, SampleDescription } from '@cuemux/core'
import { describe, expect, it } from 'vitest'
import { findChanges } from './changes.js'

const REMOTE = 512 * 1024
const NEAR = 32 * 1024
const SETS: GroupStart = { isClosed: true, lead: 0, bringsSets: true }

const other: SampleDescription = { config: Uint8Array.of(2), codecString: 'avc1.4d401e' }
const OTHERS: GroupStart = { ...SETS, description: other }
const third: SampleDescription = { config: Uint8Array.of(3), codecString: 'avc1.64001e' }

/** A film of so many keyframes, each decoded as `descriptionOf` says; counts how many are looked at, and how many at once. */
function filmOf(count: number, descriptionOf: (keyframe: number) => SampleDescription | undefined) {
  const seen: number[] = []
  const signals: (AbortSignal | undefined)[] = []
  let rounds = 0
  const demuxer = {
    index: {
      tracks: [{ id: 1, kind: 'video', descriptions: [{ config: Uint8Array.of(1), codecString: undefined }] }],
      keyframes: { trackId: 1, timescale: 1000, count, time: new Float64Array(count) },
    },
    async readGroupStarts(keyframes: readonly number[], { signal }: { signal?: AbortSignal } = {}) {
      if (signals.at(-1) !== signal) rounds++
      signals.push(signal)
      seen.push(...keyframes)
      return keyframes.map(keyframe => {
        const description = descriptionOf(keyframe)
        return { ...SETS, ...(description === undefined ? {} : { description }) }
      })
    },
  } as unknown as Demuxer
  const cuts = Uint32Array.from({ length: Math.ceil(count / 3) }, (_, i) => i * 3)
  return { demuxer, cuts, seen, signals, rounds: () => rounds }
}

describe('findChanges in a remote film', () => {
  it('reads nothing where the keyframe that was looked at brings no sets, or those that the index has', async () => {
    const { demuxer, cuts, seen } = filmOf(3000, () => undefined)
    expect(await findChanges(demuxer, cuts, REMOTE, { isClosed: true, lead: 0 })).toEqual([])
    expect(await findChanges(demuxer, cuts, REMOTE, SETS)).toEqual([])
    expect(await findChanges(demuxer, cuts, REMOTE, undefined)).toEqual([])
    expect(seen).toEqual([])
  })

  it('looks at eight places at once where it brings others', async () => {
    const { demuxer, cuts, seen, rounds } = filmOf(3000, () => undefined)
    expect(await findChanges(demuxer, cuts, REMOTE, OTHERS)).toEqual([])
    expect([seen.length, rounds()]).toEqual([8, 1])
  })

  it('finds the keyframe of each change in few round trips', async () => {
    const { demuxer, cuts, seen, rounds } = filmOf(3000, k => (k < 1234 ? undefined : k < 2500 ? other : undefined))
    expect(await findChanges(demuxer, cuts, REMOTE, OTHERS)).toEqual([
      { keyframe: 1234, description: other },
      { keyframe: 2500, description: undefined },
    ])
    expect(seen.length).toBeLessThanOrEqual(48)
    expect(rounds()).toBeLessThanOrEqual(6)
  })

  it('looks where the keyframe is decoded otherwise than the index says', async () => {
    const { demuxer, cuts } = filmOf(30, () => other)
    const look: GroupStart = { isClosed: true, lead: 0, description: other }
    expect(await findChanges(demuxer, cuts, REMOTE, look)).toEqual([{ keyframe: 0, description: other }])
  })

  it('takes the later keyframe where it may not look on', async () => {
    const kinds = [undefined, other, third]
    const { demuxer, cuts, seen } = filmOf(3000, k => kinds[Math.floor(k / 30) % 3])
    const changes = await findChanges(demuxer, cuts, REMOTE, OTHERS)
    expect(seen).toHaveLength(48)
    expect(new Set(seen).size).toBe(48)
    expect(changes.length).toBeGreaterThan(1)
    for (const { keyframe, description } of changes) expect(kinds[Math.floor(keyframe / 30) % 3]).toBe(description)
  })

  it('ends the other looks when one fails', async () => {
    const { demuxer, cuts, signals } = filmOf(3000, keyframe => {
      if (keyframe === 0) throw new Error('broken')
      return undefined
    })
    await expect(findChanges(demuxer, cuts, REMOTE, OTHERS)).rejects.toThrow('broken')
    expect(signals.every(signal => signal?.aborted)).toBe(true)
  })
})

describe('findChanges in a near film', () => {
  it('finds every change that lasts, whatever the look says', async () => {
    const { demuxer, cuts } = filmOf(3000, k => (k < 700 ? undefined : k < 1901 ? other : third))
    expect(await findChanges(demuxer, cuts, NEAR, undefined)).toEqual([
      { keyframe: 700, description: other },
      { keyframe: 1901, description: third },
    ])
  })
})
