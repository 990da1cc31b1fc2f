import { expect, test } from 'vitest'
import { retryAfterMs } from './http-retry.js'

test('Retry-After is a number of seconds or a date', () => {
  const now = Date.UTC(2024, 0, 1, 0, 0, 0)
  expect(retryAfterMs('120', now)).toBe(120_000)
  expect(retryAfterMs('Mon, 01 Jan 2024 00:00:30 GMT', now)).toBe(30_000)
  expect(retryAfterMs('Sun, 31 Dec 2023 00:00:00 GMT', now)).toBe(0)
  expect(retryAfterMs('soon', now)).toBeUndefined()
  expect(retryAfterMs(null, now)).toBeUndefined()
})
