/**
 * SHA-256 (FIPS 180-4) as lower-case hex. Synchronous, because a source's key is: `crypto.subtle` is not. About
 * 150 MB/s, so it is for names and small inputs.
 */
export function sha256Hex(bytes: Uint8Array): string {
  const state = Uint32Array.from(INITIAL_STATE)
  const schedule = new Uint32Array(64)
  const whole = bytes.length - (bytes.length % 64)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < whole; at += 64) compress(state, schedule, view, at)
  const tail = paddedTail(bytes, whole)
  for (let at = 0; at < tail.byteLength; at += 64) compress(state, schedule, tail, at)
  let hex = ''
  for (const word of state) hex += word.toString(16).padStart(8, '0')
  return hex
}

/** §5.1.1: the last bytes, a one bit, zeros, and the length in bits. */
function paddedTail(bytes: Uint8Array, from: number): DataView {
  const rest = bytes.length - from
  const tail = new Uint8Array(rest < 56 ? 64 : 128)
  tail.set(bytes.subarray(from))
  tail[rest] = 0x80
  const view = new DataView(tail.buffer)
  view.setUint32(tail.length - 8, Math.floor(bytes.length / 0x2000_0000))
  view.setUint32(tail.length - 4, (bytes.length * 8) >>> 0)
  return view
}

/** §6.2.2, one block. Hot for large inputs: plain 32-bit arithmetic on two typed arrays. */
function compress(state: Uint32Array, schedule: Uint32Array, view: DataView, at: number): void {
  for (let i = 0; i < 16; i++) schedule[i] = view.getUint32(at + 4 * i)
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15]!
    const y = schedule[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    schedule[i] = (schedule[i - 16]! + s0 + schedule[i - 7]! + s1) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[i]! + schedule[i]!) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
  state[4] = state[4]! + e
  state[5] = state[5]! + f
  state[6] = state[6]! + g
  state[7] = state[7]! + h
}

/** The first `count` primes. */
function primes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every(prime => n % prime !== 0)) found.push(n)
  return found
}

/** First 32 bits of the fraction of a root. Doubles hold them exactly for the primes that are used here. */
const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 0x1_0000_0000)

/** §5.3.3. */
const INITIAL_STATE: readonly number[] = primes(8).map(prime => fraction(Math.sqrt(prime)))
/** §4.2.2. */
const ROUND_CONSTANTS: Uint32Array = Uint32Array.from(primes(64), prime => fraction(Math.cbrt(prime)))

/** 128 bits of the SHA-256 of some texts: tells apart what they stand for, and doesn't tell them. */
export function secretDigest(...texts: readonly string[]): string {
  return sha256Hex(new TextEncoder().encode(JSON.stringify(texts))).slice(0, 32)
}
