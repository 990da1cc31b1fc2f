import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ELEMENTS, Id } from './elements.js'

describe('the element table', () => {
  it('is what its generator writes', () => {
    const script = fileURLToPath(new URL('../scripts/generate-elements.mjs', import.meta.url))
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow()
  })

  it('has what ebml knows and what RFC 9559 adds, each once', () => {
    expect([Id.SimpleBlock, Id.Cues, Id.Timestamp]).toEqual([0xa3, 0x1c53bb6b, 0xe7])
    expect([Id.LanguageBCP47, Id.MasteringMetadata, Id.ProjectionPoseRoll]).toEqual([0x22b59d, 0x55d0, 0x7675])
    expect(new Set(ELEMENTS.map(([id]) => id)).size).toBe(ELEMENTS.length)
    expect(ELEMENTS.find(([, name]) => name === 'Cluster')).toEqual([0x1f43b675, 'Cluster', 'm'])
  })
})
