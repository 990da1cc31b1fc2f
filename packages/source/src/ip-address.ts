/** A network: the bits that its addresses begin with. */
type Network = readonly [address: string, bits: number]

/** What is not the public internet, by the IANA special-purpose registry (RFC 6890) and what clouds do. */
const CLOSED_V4: readonly Network[] = [
  ['0.0.0.0', 8], // this host
  ['10.0.0.0', 8], // private, RFC 1918
  ['100.64.0.0', 10], // shared by carriers, RFC 6598; Alibaba's metadata
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, and the metadata of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24], // protocol assignments; Oracle's metadata
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['168.63.129.16', 32], // Azure's metadata
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, and broadcast
]

/** Only 2000::/3 is given out to the internet; within it these are not. */
const CLOSED_V6: readonly Network[] = [
  ['2001::', 23], // protocol assignments, Teredo among them, which carries an IPv4 address
  ['2001:db8::', 32], // documentation
  ['3fff::', 20],
]

/** Networks whose addresses carry an IPv4 address, and at which bit. */
const CARRIERS: readonly (readonly [network: Network, atBit: number])[] = [
  [['::ffff:0:0', 96], 96], // mapped
  [['64:ff9b::', 96], 96], // NAT64
  [['2002::', 16], 16], // 6to4
]

const GLOBAL_V6: Network = ['2000::', 3]

/** Whether an IPv4 or IPv6 address, with or without brackets or zone, is one of the public internet. */
export function isPublicAddress(text: string): boolean {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  const v4 = parseV4(bare)
  if (v4 !== undefined) return isPublicV4(v4)
  const v6 = parseV6(bare)
  return v6 !== undefined && isPublicV6(v6)
}

function isPublicV4(bytes: readonly number[]): boolean {
  return !CLOSED_V4.some(([address, bits]) => isWithin(bytes, parseV4(address)!, bits))
}

function isPublicV6(bytes: readonly number[]): boolean {
  const carrier = CARRIERS.find(([[address, bits]]) => isWithin(bytes, parseV6(address)!, bits))
  if (carrier !== undefined) return isPublicV4(bytes.slice(carrier[1] / 8, carrier[1] / 8 + 4))
  if (!isWithin(bytes, parseV6(GLOBAL_V6[0])!, GLOBAL_V6[1])) return false
  return !CLOSED_V6.some(([address, bits]) => isWithin(bytes, parseV6(address)!, bits))
}

function isWithin(bytes: readonly number[], network: readonly number[], bits: number): boolean {
  return network.every((byte, i) => {
    const shift = 8 - Math.max(0, Math.min(8, bits - i * 8))
    return byte >> shift === (bytes[i] ?? 0) >> shift
  })
}

function parseV4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every(part => /^\d{1,3}$/.test(part) && Number(part) <= 255)) return undefined
  return parts.map(Number)
}

/** RFC 4291 §2.2: groups of 16 bits, `::` for a run of zeros, and perhaps an IPv4 address at the end. */
function parseV6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = [groupsOf(halves[0]!), groupsOf(halves[1] ?? '')]
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    const v4 = i === groups.length - 1 ? parseV4(group) : undefined
    if (v4 !== undefined) bytes.push(...v4)
    else if (/^[0-9a-f]{1,4}$/i.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255)
    else return undefined
  }
  return bytes
}
