/**
 * A strong entity tag for a resource that is a pure function of its identity (the source's key, its size and the
 * options) and its path: known without making it. 106 bits of two FNV-1a hashes in 53-bit arithmetic; nothing secret
 * hangs on it, as no one but the server names resources.
 */
export function etagFor(identity: string, path: string): string {
  const text = `${FORMAT_VERSION}\n${identity}\n${path}`
  return `"${hash(text, 0x811c9dc5).toString(36)}${hash(text, 0x9747b28c).toString(36)}"`
}

/**
 * A strong entity tag for a resource that is no pure function of anything, as an encoder has made it: known only by its
 * bytes. A client that goes on with a range after the resource was made again is given the whole (`If-Range`).
 */
export async function contentEtag(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return `"${Array.from(digest.subarray(0, 16), byte => byte.toString(16).padStart(2, '0')).join('')}"`
}

/** Changes whenever the same film gives other bytes than before. */
export const FORMAT_VERSION = 1

/** FNV-1a with two 32-bit lanes, which together give a 53-bit integer. */
function hash(text: string, seed: number): number {
  let low = seed
  let high = seed ^ 0x5bd1e995
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b)
    high ^= high >>> 13
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}
