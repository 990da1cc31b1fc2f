import { describe, expect, it } from 'vitest'
import { planFacts } from './plan-picture.js'

describe('planFacts', () => {
  it('says how the film is cut', () => {
    const segments = [
      { n: 0, startMs: 0, durationMs: 6000, bytes: 750_000 },
      { n: 1, startMs: 6000, durationMs: 4000, bytes: 500_000 },
    ]
    const renditions = [
      { name: 'video-1', kind: 'video', firstSegment: 0, durationsMs: [6000, 4000] },
      { name: 'audio-2', kind: 'audio', firstSegment: 0, durationsMs: [6000, 4000] },
    ]
    expect(planFacts({ durationMs: 10_000, segments, keyframesMs: [0, 2000, 6000, 8000], renditions })).toEqual([
      ['Segments', '2'],
      ['Their length', '5.0 s, at most 6.0 s'],
      ['Keyframes', '4'],
      ['Between them', '2.7 s, at most 4.0 s'],
      ['Bit rate', '1.0 Mbit/s'],
      ['Renditions', 'video-1, audio-2'],
    ])
  })

  it('says little of a film without segments', () => {
    expect(
      planFacts({ durationMs: 0, segments: [], keyframesMs: [], renditions: [] }).map(([, value]) => value),
    ).toEqual(['0', '–', '0', '–', '–', '–'])
  })
})
