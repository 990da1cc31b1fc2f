import { describe, expect, it } from 'vitest'
import { nearUsualRate } from './usual-rate.js'

describe('nearUsualRate', () => {
  it.each([
    [24.002_531, 24],
    [23.976, 24000 / 1001],
    [29.973, 30000 / 1001],
    [59.94, 60000 / 1001],
    [119.999, 120],
    [12.5, 12.5],
    [23.99, 23.99],
    [24.01, 24.01],
    [1, 1],
  ])('%f is %f', (rate, usual) => {
    expect(nearUsualRate(rate)).toBe(usual)
  })
})
